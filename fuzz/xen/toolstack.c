/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Domains as xl makes, saves, restores and destroys them. Each has a UUID of ours, by which it is found again.
 */
#include "internal.h"

#include "store.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACK_EVERY_US 50000
#define LOOK_EVERY_US 2000
#define XL_SECONDS 10
#define RUN_SECONDS 60

void config_put(FILE *file, const char *key, const char *text)
{
	fprintf(file, "%s=\"", key);
	for (; *text && *text != '\n'; text++)
		fprintf(file, strchr("\\\"", *text) ? "\\%c" : "%c", *text);
	fputs("\"\n", file);
}

static void put_uuid(FILE *file, const uint8_t uuid[16])
{
	fputs("uuid=\"", file);
	for (int i = 0; i < 16; i++)
		fprintf(file, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	fputs("\"\n", file);
}

/* What xl.cfg(5) says. Nothing is done at its end, which a suspension is to xl as well. */
static int write_config(const struct cloner *cloner, char *path)
{
	const struct cloner_options *options = &cloner->options;
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		return -1;
	config_put(file, "name", cloner->name);
	put_uuid(file, cloner->uuid);
	config_put(file, "kernel", options->kernel);
	config_put(file, "cmdline", options->command_line);
	/* Where Xen does not trust the time-stamp counter, as in the lab, each reading would be a trap. */
	fprintf(file, "type=\"pvh\"\ntsc_mode=\"native\"\nvcpus=1\nmemory=%u\n", options->memory_mib);
	if (options->hooks && options->hooks->configure)
		options->hooks->configure(options->hooks->context, file);
	fputs("on_poweroff=\"preserve\"\non_reboot=\"preserve\"\non_crash=\"preserve\"\n", file);
	return fclose(file);
}

/*
 * What it says goes to out. Out of reach of an interrupt from the terminal, which would leave half a domain; and the
 * guardian, whose pipe it has too, waits for its end. cloner: NULL in the guardian itself.
 */
static pid_t start(struct cloner *cloner, char *const argv[], int out)
{
	pid_t pid = fork();

	if (!pid) {
		setsid();
		if (cloner)
			fcntl(cloner->guardian, F_SETFD, 0);
		dup2(out, 1);
		dup2(out, 2);
		execvp(argv[0], argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	return pid;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* All that is said until the other end is closed; false where that takes too long. */
static bool hear(int fd, char *text, size_t size)
{
	uint64_t end = cloner_now_ns() + RUN_SECONDS * 1000000000ull, now;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	text[0] = '\0';
	while (n > 0 && len + 1 < size && (now = cloner_now_ns()) < end) {
		/* A signal is for the caller, who looks for it once xl has done what it was at. */
		if (poll(&ready, 1, (int)((end - now) / 1000000) + 1) <= 0)
			continue;
		n = read(fd, text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
	}
	return n <= 0 || len + 1 == size;
}

/* Of all that it says, the first line that tells of an error, else the first; the exit status. */
static int run(struct cloner *cloner, char *const argv[], char *line, size_t size)
{
	char text[4096] = "", *error;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = start(cloner, argv, ends[1]);
	close(ends[1]);
	if (pid > 0 && !hear(ends[0], text, sizeof(text))) {
		kill(pid, SIGKILL);
		snprintf(text, sizeof(text), "it did not end in %d s", RUN_SECONDS);
	}
	close(ends[0]);
	error = strstr(text, "error: ");
	error = error ? error : text;
	snprintf(line, size, "%.*s", (int)strcspn(error, "\n"), error);
	return wait_for(pid);
}

/* 0: there is none. A restored one has the UUID of those before it, of which one that is still mapped is dying. */
static uint32_t find_domain(struct cloner *cloner)
{
	uint32_t next = 1;
	xc_dominfo_t info;

	while (xc_domain_getinfo(cloner->xc, next, 1, &info) == 1) {
		if (!info.dying && !memcmp(info.handle, cloner->uuid, sizeof(cloner->uuid)))
			return info.domid;
		next = info.domid + 1;
	}
	return 0;
}

static uint32_t found(struct cloner *cloner, char *error)
{
	uint32_t domain = find_domain(cloner);

	if (domain)
		guardian_tell(cloner, true, domain);
	else
		cloner_fail(error, "xl has started %s, but Xen does not know it", cloner->name);
	return domain;
}

uint32_t xl_create(struct cloner *cloner, char *error)
{
	char config[] = "/tmp/saki-domain-XXXXXX", line[160];
	char *create[] = { "xl", "create", "-q", "-e", config, NULL };
	uint64_t start_ns;
	int status;

	/* xl would wait for it for ever. */
	if (!store_answers()) {
		cloner_fail(error, "xenstored does not answer: %s", strerror(errno));
		return 0;
	}
	if (getrandom(cloner->uuid, sizeof(cloner->uuid), 0) != sizeof(cloner->uuid) || write_config(cloner, config)) {
		cloner_fail(error, "cannot write %s: %s", config, strerror(errno));
		return 0;
	}
	start_ns = cloner_now_ns();
	status = run(cloner, create, line, sizeof(line));
	cloner->xl_ns = cloner_now_ns() - start_ns;
	unlink(config);
	if (!status)
		return found(cloner, error);
	cloner_fail(error, "xl cannot start %s: %s", cloner->options.kernel, line);
	return 0;
}

/*
 * xl asks the domain to suspend itself, and waits until it has said yes (xen, docs/misc/xenstore-paths.pandoc,
 * ~/control/shutdown). One that has done so already is beyond saying anything, so that is said in its name.
 */
static int save_suspended(struct cloner *cloner, pid_t xl, uint32_t domain)
{
	char path[64], line[160];
	char *acknowledge[] = { "xenstore-write", path, "", NULL };
	int status;

	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domain);
	for (;;) {
		pid_t ended = waitpid(xl, &status, WNOHANG);

		if (ended == xl)
			return status;
		if (ended < 0 && errno != EINTR)
			return -1;
		run(cloner, acknowledge, line, sizeof(line));
		usleep(ACK_EVERY_US);
	}
}

int xl_save(struct cloner *cloner, uint32_t domain, const char *path, char *error)
{
	char number[16];
	char *save[] = { "xl", "save", number, (char *)path, NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
	pid_t pid;

	snprintf(number, sizeof(number), "%u", domain);
	pid = start(cloner, save, null);
	close(null);
	status = pid < 0 ? -1 : save_suspended(cloner, pid, domain);
	if (status)
		return cloner_fail(error, "xl cannot save domain %u", domain);
	guardian_tell(cloner, false, domain);
	return 0;
}

uint32_t xl_restore(struct cloner *cloner, const char *path, char *error)
{
	char line[160];
	char *restore[] = { "xl", "restore", "-e", (char *)path, NULL };

	uint64_t start_ns = cloner_now_ns();
	int status = run(cloner, restore, line, sizeof(line));

	cloner->xl_ns = cloner_now_ns() - start_ns;
	if (!status)
		return found(cloner, error);
	cloner_fail(error, "xl cannot restore %s: %s", path, line);
	return 0;
}

/* Without xenstored xl waits for ever: then it is not asked again. */
void xl_destroy(const char *domain)
{
	char *destroy[] = { "xl", "destroy", (char *)domain, NULL };
	static bool hangs;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid = hangs ? -1 : start(NULL, destroy, null);

	close(null);
	for (unsigned looks = 0; pid > 0 && !waitpid(pid, NULL, WNOHANG); looks++) {
		usleep(LOOK_EVERY_US);
		if (looks < XL_SECONDS * (1000000 / LOOK_EVERY_US))
			continue;
		hangs = true;
		kill(pid, SIGKILL);
		wait_for(pid);
		break;
	}
}
