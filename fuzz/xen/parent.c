/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parent: booted by xl, as any other domain; ready when it has suspended itself. From then on it never runs again,
 * and its pages and CPU are only read.
 */
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BOOT_SECONDS 30
#define SPECIAL_FIRST 0xfc000u	/* pages that the toolstack puts below 4 GiB: tables, console, xenstore */
#define SPECIAL_COUNT 0x4000u

void config_put(FILE *file, const char *key, const char *text)
{
	fprintf(file, "%s=\"", key);
	for (; *text && *text != '\n'; text++)
		fprintf(file, strchr("\\\"", *text) ? "\\%c" : "%c", *text);
	fputs("\"\n", file);
}

/* What xl.cfg(5) says. Nothing is done at its end, which a suspension is to xl as well. */
static int write_config(const struct cloner *cloner, const struct cloner_options *options, char *path)
{
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		return -1;
	config_put(file, "name", cloner->name);
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
 * Its output's first line; the exit status. Out of reach of an interrupt from the terminal, which would leave half a
 * domain; and the guardian, whose pipe it has too, waits for its end.
 */
static int run_xl(struct cloner *cloner, char *const argv[], char *line, size_t size)
{
	int ends[2], status = -1;
	pid_t pid;
	ssize_t n;
	size_t len = 0;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		setsid();
		fcntl(cloner->guardian, F_SETFD, 0);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		execvp(argv[0], argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	while (pid > 0 && len + 1 < size && (n = read(ends[0], line + len, size - 1 - len)) > 0)
		len += (size_t)n;
	line[len] = '\0';
	close(ends[0]);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	line[strcspn(line, "\n")] = '\0';
	return status;
}

static int boot(struct cloner *cloner, const struct cloner_options *options, char *error)
{
	char config[] = "/tmp/saki-parent-XXXXXX", line[160];
	char *create[] = { "xl", "create", "-q", "-e", config, NULL };
	char *domid[] = { "xl", "domid", cloner->name, NULL };
	int status;

	if (write_config(cloner, options, config))
		return cloner_fail(error, "cannot write %s: %s", config, strerror(errno));
	status = run_xl(cloner, create, line, sizeof(line));
	unlink(config);
	if (status)
		return cloner_fail(error, "xl cannot start %s: %s", options->kernel, line);
	if (run_xl(cloner, domid, line, sizeof(line)) || !(cloner->domain = (uint32_t)atoi(line)))
		return cloner_fail(error, "xl does not know %s, which it has started: %s", cloner->name, line);
	guardian_tell(cloner, true, cloner->domain);
	return 0;
}

static int wait_for_suspension(struct cloner *cloner, const struct cloner_options *options, char *error)
{
	time_t start = time(NULL);
	xc_dominfo_t info;

	while (time(NULL) - start < BOOT_SECONDS) {
		if (xc_domain_getinfo(cloner->xc, cloner->domain, 1, &info) != 1 || info.domid != cloner->domain)
			return cloner_fail(error, "the parent, domain %u, is gone", cloner->domain);
		if (info.shutdown && info.shutdown_reason == SHUTDOWN_suspend)
			return 0;
		if (info.shutdown)
			return cloner_fail(error, "the parent ended before it was ready (xen's reason %u)",
					   info.shutdown_reason);
		if (options->interrupted && *options->interrupted)
			return cloner_fail(error, "interrupted");
		usleep(2000);
	}
	return cloner_fail(error, "the parent was not ready in %u s", BOOT_SECONDS);
}

/* Which pages there are, out of a range; errors of a mapping tell. */
static int find_pages(struct cloner *cloner, xen_pfn_t first, size_t count)
{
	xen_pfn_t *range = calloc(count, sizeof(*range));
	int *errors = calloc(count, sizeof(*errors));
	void *mapped = NULL;

	for (size_t i = 0; range && i < count; i++)
		range[i] = first + i;
	if (range && errors)
		mapped = xenforeignmemory_map(cloner->foreign, cloner->domain, PROT_READ, count, range, errors);
	for (size_t i = 0; mapped && i < count; i++)
		if (!errors[i])
			cloner->pages[cloner->page_count++] = first + i;
	if (mapped)
		xenforeignmemory_unmap(cloner->foreign, mapped, count);
	free(range);
	free(errors);
	return mapped ? 0 : -1;
}

static int look_at_memory(struct cloner *cloner, unsigned memory_mib)
{
	cloner->low_count = (size_t)memory_mib * PAGES_PER_MIB;
	cloner->pages = calloc(cloner->low_count + SPECIAL_COUNT, sizeof(*cloner->pages));
	if (!cloner->pages || find_pages(cloner, 0, cloner->low_count) ||
	    find_pages(cloner, SPECIAL_FIRST, SPECIAL_COUNT))
		return -1;
	cloner->memory = xenforeignmemory_map(cloner->foreign, cloner->domain, PROT_READ, cloner->page_count,
					      cloner->pages, NULL);
	cloner->blank = calloc(cloner->page_count, sizeof(*cloner->blank));
	if (!cloner->memory || !cloner->blank)
		return -1;
	for (size_t i = 0; i < cloner->page_count; i++)
		cloner->blank[i] = page_is_blank(cloner->memory + i * PAGE);
	return 0;
}

static int look_at_cpu(struct cloner *cloner)
{
	int size = xc_domain_hvm_getcontext(cloner->xc, cloner->domain, NULL, 0);

	if (size <= 0)
		return -1;
	cloner->context_size = (uint32_t)size;
	cloner->context = malloc(cloner->context_size);
	if (!cloner->context)
		return -1;
	size = xc_domain_hvm_getcontext(cloner->xc, cloner->domain, cloner->context, cloner->context_size);
	cloner->context_size = size > 0 ? (uint32_t)size : 0;
	return size > 0 ? 0 : -1;
}

int parent_start(struct cloner *cloner, const struct cloner_options *options, char *error)
{
	const struct cloner_hooks *hooks = options->hooks;

	if (boot(cloner, options, error) ||
	    (hooks && hooks->prepare && hooks->prepare(hooks->context, cloner->domain, error)) ||
	    wait_for_suspension(cloner, options, error))
		return -1;
	if (look_at_memory(cloner, options->memory_mib))
		return cloner_fail(error, "the parent's memory cannot be mapped: %s", strerror(errno));
	if (look_at_cpu(cloner))
		return cloner_fail(error, "the parent's registers cannot be read: %s", strerror(errno));
	return 0;
}

size_t parent_pages_to_copy(const struct cloner *cloner)
{
	size_t count = 0;

	for (size_t i = 0; i < cloner->page_count; i++)
		count += !cloner->blank[i];
	return count;
}

void parent_end(struct cloner *cloner)
{
	if (cloner->memory)
		xenforeignmemory_unmap(cloner->foreign, cloner->memory, cloner->page_count);
	free(cloner->pages);
	free(cloner->blank);
	free(cloner->context);
}
