/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-domain: in a dom0, starts one guest of Xen's by xl and is its console until it ends. saki-run uses it where it
 * finds itself in a dom0, and puts it into the lab's (lab.c). The domain goes with this program, but for SIGKILL.
 *
 * Standard input goes to the guest's console as it comes; what comes from there is taken apart as plat/xen/console.c
 * says: the program's output to standard output, the log to standard error, "exit N" to descriptor 3.
 *
 * Who reads the guest's memory (--records) is another program. It gets the domain's number before that runs, and a word
 * that is not empty; its standard input ends when the domain has ended and is still there, and its standard output is
 * descriptor 4.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define STATUS_FD 3
#define RECORDS_FD 4
#define STATUS_ENVIRONMENT 123
#define STATUS_PANIC 125
#define ESCAPE 0x10
#define DRAIN_MS 300 /* after the end, while xenconsoled may still have something */

static const char usage[] =
	"usage: saki-domain [--records PROGRAM WORD] KERNEL LINE-FILE INITRD MEMORY-MIB [xl configuration line]...\n"
	"\n"
	"Starts KERNEL as a PVH guest of Xen's, with the command line that is in LINE-FILE.\n";

static char config[64], domid[16];
static pid_t xl_pid = -1;
static pid_t reader_pid = -1;
static int xl_fd = -1, tty_fd = -1, signal_fd = -1, reader_fd = -1;
static char said[4096]; /* the end of what xl says */
static size_t said_len;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	fputs("saki-domain: ", stderr);
	vfprintf(stderr, fmt, list);
	fputc('\n', stderr);
	va_end(list);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -1;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* ---- xl ---- */

/* Starts a tool, whose output comes by the descriptor in *out. A session of its own: Ctrl-C is ours to handle. */
static pid_t start(char *const argv[], int *out)
{
	sigset_t none;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		setsid();
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		close(STATUS_FD);
		close(RECORDS_FD);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

/* Runs a tool; the first line of its output. @return its wait status */
static int ask(char *const argv[], char *line, size_t size)
{
	int fd, status = -1;
	pid_t pid = start(argv, &fd);
	size_t len = 0;
	ssize_t n;

	if (pid < 0)
		return -1;
	while (len + 1 < size && (n = read(fd, line + len, size - 1 - len)) > 0)
		len += (size_t)n;
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void put_quoted(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text && *text != '\n'; text++)
		fprintf(f, strchr("\\\"", *text) ? "\\%c" : "%c", *text);
	fputc('"', f);
}

/* What xl.cfg(5) says. Nothing is done at the guest's end, which is ours to notice. */
static int write_config(char **argv)
{
	FILE *line = fopen(argv[2], "re"), *f;
	char text[8192] = "";
	int fd;

	if (!line || (!fgets(text, sizeof(text), line) && ferror(line)))
		return -1;
	fclose(line);
	snprintf(config, sizeof(config), "/tmp/saki-domain-XXXXXX");
	fd = mkostemp(config, O_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return -1;
	/* Where Xen does not trust the time-stamp counter, as in the lab, each reading would be a trap. */
	fprintf(f, "name=\"saki-%d\"\ntype=\"pvh\"\ntsc_mode=\"native\"\nvcpus=1\nmemory=%s\nkernel=", getpid(),
		argv[4]);
	put_quoted(f, argv[1]);
	fputs("\nramdisk=", f);
	put_quoted(f, argv[3]);
	fputs("\ncmdline=", f);
	put_quoted(f, text);
	fputs("\non_poweroff=\"preserve\"\non_reboot=\"preserve\"\non_crash=\"preserve\"\n", f);
	for (char **more = argv + 5; *more; more++)
		fprintf(f, "%s\n", *more);
	return fclose(f);
}

/* False at the end of what xl says, which is the end of the domain, or of the try to make one. */
static int read_xl(void)
{
	ssize_t n;

	if (said_len + 1 == sizeof(said)) {
		said_len /= 2;
		memmove(said, said + said_len + 1, said_len);
	}
	n = read(xl_fd, said + said_len, sizeof(said) - 1 - said_len);
	if (n < 0 && errno == EINTR)
		return 1;
	said_len += n > 0 ? (size_t)n : 0;
	said[said_len] = '\0';
	return n > 0;
}

/* xl stays until the domain has ended; it says so when it begins to wait. */
static int create(void)
{
	char *const argv[] = { "xl", "create", "-F", "-p", config, NULL };
	const char *told = NULL;

	xl_pid = start(argv, &xl_fd);
	while (xl_pid > 0 && !told && read_xl())
		told = strstr(said, "(domid ");
	return told && sscanf(told, "(domid %15[0-9])", domid) == 1 ? 0 : -1;
}

static int open_console(void)
{
	char key[64], name[128] = "";
	struct termios raw;

	snprintf(key, sizeof(key), "/local/domain/%s/console/tty", domid);
	if (ask((char *[]){ "xenstore-read", key, NULL }, name, sizeof(name)) || *name != '/')
		return -1;
	tty_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (tty_fd < 0 || tcgetattr(tty_fd, &raw))
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(tty_fd, TCSANOW, &raw);
}

static void destroy(void)
{
	char line[256];

	if (*domid && ask((char *[]){ "xl", "destroy", domid, NULL }, line, sizeof(line)))
		say("domain %s is still there: %s", domid, line);
	if (xl_pid > 0 && !*domid)
		kill(xl_pid, SIGTERM);
	if (xl_pid > 0)
		while (waitpid(xl_pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (*config)
		unlink(config);
}

/* ---- who reads its memory ---- */

static int start_reader(char *const reader[2])
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	reader_pid = fork();
	if (!reader_pid) {
		setsid();
		dup2(ends[0], 0);
		dup2(RECORDS_FD, 1);
		close(STATUS_FD);
		close(RECORDS_FD);
		execv(reader[0], (char *[]){ reader[0], domid, *reader[1] ? reader[1] : NULL, NULL });
		fprintf(stderr, "%s: %s\n", reader[0], strerror(errno));
		_exit(127);
	}
	close(ends[0]);
	reader_fd = ends[1];
	return reader_pid < 0 ? -1 : 0;
}

/* It takes what there still is. */
static void end_reader(void)
{
	if (reader_pid < 0)
		return;
	close(reader_fd);
	while (waitpid(reader_pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the console ---- */

static struct {
	int escaped, in_status;
	int stream;
	char status[8];
	size_t status_len;
	int ended;
} output = { .stream = STDERR_FILENO };

/* True: the byte belongs to a mark. */
static int take_mark(char byte)
{
	if (output.in_status) {
		if (byte != '\n' && output.status_len + 1 < sizeof(output.status)) {
			output.status[output.status_len++] = byte;
			return 1;
		}
		output.ended = 1;
		return 1;
	}
	if (!output.escaped) {
		output.escaped = byte == ESCAPE;
		return output.escaped;
	}
	output.escaped = 0;
	if (byte == ESCAPE)
		return 0;
	output.in_status = byte == 'x';
	output.stream = byte == 'o' ? STDOUT_FILENO : STDERR_FILENO;
	return 1;
}

/* False when there is no more, and will not be. */
static int console_to_outputs(void)
{
	char raw[4096], plain[4096];
	ssize_t n = read(tty_fd, raw, sizeof(raw));
	size_t len = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	for (ssize_t i = 0; i < n && !output.ended; i++) {
		int stream = output.stream;
		int is_mark = take_mark(raw[i]);

		if (is_mark && len) {
			write_all(stream, plain, len);
			len = 0;
		}
		if (!is_mark)
			plain[len++] = raw[i];
	}
	if (len)
		write_all(output.stream, plain, len);
	return n > 0;
}

/* Input that the console has not taken yet. */
static char input[2048];
static size_t input_len;

static void move_input(struct pollfd *from, struct pollfd *to)
{
	ssize_t n;

	if (from->revents) {
		n = read(STDIN_FILENO, input, sizeof(input));
		if (n > 0)
			input_len = (size_t)n;
		else if (!n || (errno != EINTR && errno != EAGAIN))
			from->fd = -1;
	}
	if (to->revents & POLLOUT) {
		n = write(tty_fd, input, input_len);
		if (n > 0) {
			input_len -= (size_t)n;
			memmove(input, input + n, input_len);
		}
	}
}

/* Until the guest has said how it ended, or has ended without. @return our exit status, 0 where it said it */
static int carry(void)
{
	struct pollfd stdin_poll = { .fd = STDIN_FILENO, .events = POLLIN };
	int alive = 1;

	while (!output.ended) {
		struct pollfd fds[] = { { .fd = signal_fd, .events = POLLIN },
					{ .fd = tty_fd, .events = POLLIN | (input_len ? POLLOUT : 0) },
					{ .fd = alive ? xl_fd : -1, .events = POLLIN },
					{ .fd = input_len ? -1 : stdin_poll.fd, .events = POLLIN } };
		int count = poll(fds, 4, alive ? -1 : DRAIN_MS);

		if (count < 0 && errno != EINTR)
			return STATUS_ENVIRONMENT;
		if (!count)
			break;
		if (fds[0].revents)
			return 128 + SIGTERM;
		if (fds[1].revents & (POLLIN | POLLHUP | POLLERR) && !console_to_outputs())
			break;
		if (fds[2].revents)
			alive = read_xl();
		if (!fds[3].revents && !(fds[1].revents & POLLOUT))
			continue;
		stdin_poll.revents = fds[3].revents;
		move_input(&stdin_poll, &fds[1]);
	}
	if (output.ended)
		return 0;
	say("the kernel ended without a word");
	return STATUS_PANIC;
}

static int run(char **argv, char *const *reader)
{
	char line[256];

	if (write_config(argv)) {
		say("no configuration for xl: %s", strerror(errno));
		return STATUS_ENVIRONMENT;
	}
	if (create()) {
		while (xl_pid > 0 && read_xl())
			;
		say("xl makes no domain: %s", said);
		return STATUS_ENVIRONMENT;
	}
	if (open_console()) {
		say("domain %s has no console; is xenconsoled there?", domid);
		return STATUS_ENVIRONMENT;
	}
	if (reader && start_reader(reader)) {
		say("%s: %s", *reader, strerror(errno));
		return STATUS_ENVIRONMENT;
	}
	if (ask((char *[]){ "xl", "unpause", domid, NULL }, line, sizeof(line))) {
		say("domain %s does not start: %s", domid, line);
		return STATUS_ENVIRONMENT;
	}
	return carry();
}

int main(int argc, char **argv)
{
	char **reader = NULL;
	sigset_t set;
	int status;

	if (argc > 3 && !strcmp(argv[1], "--records")) {
		reader = argv + 2;
		argv += 3;
		argc -= 3;
	}
	if (argc < 5) {
		fputs(usage, stderr);
		return 122;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	status = run(argv, reader);
	end_reader();
	if (output.ended)
		dprintf(STATUS_FD, "exit %s\n", output.status);
	else
		dprintf(STATUS_FD, "exit %d\n", status);
	destroy();
	return status;
}
