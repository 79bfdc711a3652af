/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The time in which the machine runs: standard input to the console, the console to standard output, the kernel's log
 * to standard error; time limit, signals, and what the end means. QEMU never outlives it.
 */
#include "run.h"

#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As kernel/terminal.h decodes it: a line has no end of file. */
#define ESCAPE 0x10
#define END 0x04

#define INPUT_CHUNK 2048
#define SERVER_GRACE_S 1

struct state {
	struct session *s;
	int stop;   /* != 0: the status to end with, at once */
	int signal_fd;
	double servers_lost_at; /* 0: they are all there */
	int input_started;  /* the console takes input: before its word for that, bytes would be lost */
	int input_ended;
	char input[2 * INPUT_CHUNK]; /* escaped, not yet taken by the console */
	size_t input_len;
	char words[64];   /* what the debug console says */
	size_t words_len;
	char messages[1024];  /* the end of what QEMU says */
	size_t messages_len;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* 0 when all was written. */
static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = fd, .events = POLLOUT };

			poll(&ready, 1, -1);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -1;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Keeps the end of a text in a buffer of size bytes, NUL included. */
static void keep_end(char *buf, size_t size, size_t *len, const char *data, size_t n)
{
	size_t keep;

	if (n >= size) {
		data += n - size + 1;
		n = size - 1;
	}
	keep = *len + n < size ? *len : size - 1 - n;
	memmove(buf, buf + *len - keep, keep);
	memcpy(buf + keep, data, n);
	*len = keep + n;
	buf[*len] = '\0';
}

/* ---- one direction each ---- */

/* Reads once; -1 at the end, and then the descriptor is closed. */
static ssize_t take(int *fd, char *buf, size_t size)
{
	ssize_t n = read(*fd, buf, size);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0)
		return n;
	close(*fd);
	*fd = -1;
	return -1;
}

static void console_to_stdout(struct state *st)
{
	char buf[65536];
	ssize_t n = take(&st->s->console_out_fd, buf, sizeof(buf));

	if (n > 0 && write_all(STDOUT_FILENO, buf, (size_t)n))
		st->stop = errno == EPIPE ? RUN_BROKEN_PIPE
					  : run_fail(RUN_ENVIRONMENT, "standard output: %s", strerror(errno));
}

static void log_to_stderr(struct state *st)
{
	char buf[65536];
	ssize_t n = take(&st->s->log_fd, buf, sizeof(buf));

	if (n > 0)
		write_all(STDERR_FILENO, buf, (size_t)n);
}

static void read_debug(struct state *st)
{
	char buf[256];
	ssize_t n = take(&st->s->debug_fd, buf, sizeof(buf));

	if (n > 0)
		keep_end(st->words, sizeof(st->words), &st->words_len, buf, (size_t)n);
	if (strstr(st->words, "console\n"))
		st->input_started = 1;
}

static void read_messages(struct state *st)
{
	char buf[1024];
	ssize_t n = take(&st->s->message_fd, buf, sizeof(buf));

	if (n <= 0)
		return;
	keep_end(st->messages, sizeof(st->messages), &st->messages_len, buf, (size_t)n);
	if (st->s->verbose)
		write_all(STDERR_FILENO, buf, (size_t)n);
}

static void stdin_to_buffer(struct state *st)
{
	char raw[INPUT_CHUNK / 2];
	ssize_t n = read(STDIN_FILENO, raw, sizeof(raw));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		st->input_ended = 1;
		st->input[st->input_len++] = ESCAPE;
		st->input[st->input_len++] = END;
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (raw[i] == ESCAPE)
			st->input[st->input_len++] = ESCAPE;
		st->input[st->input_len++] = raw[i];
	}
}

static void buffer_to_console(struct state *st)
{
	ssize_t n = write(st->s->console_in_fd, st->input, st->input_len);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {  /* the machine is gone */
		st->input_ended = 1;
		st->input_len = 0;
		return;
	}
	st->input_len -= (size_t)n;
	memmove(st->input, st->input + n, st->input_len);
}

/* ---- the loop ---- */

/* False once the process has ended; it is reaped later. */
static int process_is_alive(const struct state *st)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)st->s->pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid;
}

static void on_signal(struct state *st)
{
	struct signalfd_siginfo info;

	if (read(st->signal_fd, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD)
		st->stop = RUN_INTERRUPTED;
}

static void poll_once(struct state *st, int timeout_ms)
{
	struct session *s = st->s;
	struct pollfd fds[] = {
		{ .fd = st->signal_fd, .events = POLLIN },
		{ .fd = s->console_out_fd, .events = POLLIN },
		{ .fd = s->log_fd, .events = POLLIN },
		{ .fd = s->debug_fd, .events = POLLIN },
		{ .fd = s->message_fd, .events = POLLIN },
		{ .fd = !st->input_started || st->input_ended || st->input_len ? -1 : STDIN_FILENO, .events = POLLIN },
		{ .fd = st->input_len ? s->console_in_fd : -1, .events = POLLOUT },
	};
	static void (*const handlers[])(struct state *) = { on_signal,        console_to_stdout, log_to_stderr,
							    read_debug,       read_messages,     stdin_to_buffer,
							    buffer_to_console };

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms) <= 0)
		return;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]) && !st->stop; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			handlers[i](st);
}

/*
 * A guest whose volume's server has ended waits for it for ever. But both end when the machine does, in any order.
 * @return how long to wait for that at most, -1: the server is there
 */
static int watch_servers(struct state *st)
{
	if (!servers_lost())
		return -1;
	if (!st->servers_lost_at)
		st->servers_lost_at = now();
	if (now() - st->servers_lost_at > SERVER_GRACE_S)
		st->stop = run_fail(RUN_ENVIRONMENT, "the server of a volume has ended");
	return 100;
}

static void run_until_end(struct state *st)
{
	double deadline = now() + st->s->timeout_s;

	while (!st->stop && process_is_alive(st)) {
		int wait_ms = watch_servers(st);

		if (st->s->timeout_s > 0) {
			double left = deadline - now();

			if (left <= 0) {
				st->stop = run_fail(RUN_TIMEOUT, "%s has not ended after %g s", st->s->name,
						    st->s->timeout_s);
				return;
			}
			if (wait_ms < 0)
				wait_ms = left > 1000 ? 1000 : (int)(left * 1000) + 1;
		}
		poll_once(st, wait_ms);
	}
}

/* What the machine said before its end is still in the pipes. */
static void drain(struct state *st)
{
	struct session *s = st->s;

	while (!st->stop && (s->console_out_fd >= 0 || s->log_fd >= 0 || s->debug_fd >= 0 || s->message_fd >= 0)) {
		st->input_ended = 1;
		st->input_len = 0;
		poll_once(st, 1000);
	}
}

static const char *last_line(char *text, size_t len)
{
	char *line;

	while (len && strchr("\r\n ", text[len - 1]))
		text[--len] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/*
 * The kernel says "exit N"; a machine that ended without was reset by a kernel that could not even say so, or never
 * ran.
 */
static int verdict(struct state *st, int wait_status)
{
	const char *words = strstr(st->words, "exit ");
	int status;

	if (words && sscanf(words, "exit %d", &status) == 1 && status >= 0 && status <= 255)
		return status;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return run_fail(RUN_PANIC, "the kernel reset the machine without a word");
	if (WIFSIGNALED(wait_status))
		return run_fail(RUN_ENVIRONMENT, "QEMU was killed by signal %d (%s)", WTERMSIG(wait_status),
				strsignal(WTERMSIG(wait_status)));
	return run_fail(RUN_ENVIRONMENT, "QEMU failed: %s", last_line(st->messages, st->messages_len));
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void close_all(struct session *s)
{
	int *fds[] = { &s->console_in_fd, &s->console_out_fd, &s->log_fd, &s->debug_fd, &s->message_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

int session_run(struct session *session)
{
	struct state st = { .s = session, .input_started = session->takes_input };
	int wait_status = 0, status;

	st.signal_fd = signals_open();
	fcntl(session->console_in_fd, F_SETFL, O_NONBLOCK);
	run_until_end(&st);
	if (st.stop) {
		kill(session->pid, session->end_signal);
		while (waitpid(session->pid, NULL, 0) < 0 && errno == EINTR)
			;
		status = st.stop;
	} else {
		while (waitpid(session->pid, &wait_status, 0) < 0 && errno == EINTR)
			;
		drain(&st);
		status = st.stop ? st.stop : verdict(&st, wait_status);
	}
	close_all(session);
	close(st.signal_fd);
	return status;
}
