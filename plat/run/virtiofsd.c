/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Servers of --volume HOST:GUEST:virtiofs: one virtiofsd each, beside QEMU. Their sockets have no names in any folder:
 * virtiofsd listens on a socket that we have connected to before it starts, so nobody else can.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_FD 3 /* the number that virtiofsd is told */
#define NOT_INSTALLED "virtiofsd is not installed (Debian's packages qemu-system-common or virtiofsd have it)"
#define STOP_TRIES 200
#define STOP_WAIT_US 5000

static struct server {
	pid_t pid;
	int messages; /* a file of what it said */
} servers[QEMU_VOLUMES_MAX];
static int server_count;

/* Where distributions put it, which is in nobody's $PATH. */
static const char *find_program(void)
{
	static const char *const places[] = { "/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd",
					      "/usr/lib/virtiofsd", "/usr/bin/virtiofsd" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], X_OK))
			return places[i];
	return NULL;
}

/* A socket that listens under a name of the kernel's choice, and one that is connected to it: the only one. */
static int sockets_open(int *listening, int *connected)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(name);

	*listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listening < 0 || *connected < 0 || bind(*listening, (struct sockaddr *)&name, sizeof(name.sun_family)) ||
	    listen(*listening, 1) || getsockname(*listening, (struct sockaddr *)&name, &len) ||
	    connect(*connected, (struct sockaddr *)&name, len))
		return -1;
	return 0;
}

/* In the child: nothing below the folder can be written to, whatever is asked of the server. */
static int make_read_only(const char *host)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	if (strcmp(host, "/") && mount(host, host, NULL, MS_BIND | MS_REC, NULL))
		return -1;
	return mount_setattr(AT_FDCWD, host, AT_RECURSIVE, &attr, sizeof(attr));
}

static void child(const char *program, const struct volume *v, int listening, int messages, pid_t parent)
{
	char source[PATH_MAX + 16];
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(messages, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
	if (listening == LISTEN_FD)
		fcntl(listening, F_SETFD, 0);
	else
		dup2(listening, LISTEN_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (v->read_only && make_read_only(v->host)) {
		fprintf(stderr, "cannot be made read-only: %s\n", strerror(errno));
		_exit(1);
	}
	snprintf(source, sizeof(source), "source=%s", v->host);
	execl(program, program, "--fd=3", "-o", source, "-o", "xattr", "-o", "log_level=err", NULL);
	fprintf(stderr, "%s: %s\n", program, strerror(errno));
	_exit(1);
}

/* virtiofsd takes a comma for the end of an option, and has no way to write one. */
static int check_volume(const struct volume *v)
{
	if (strchr(v->host, ','))
		return run_fail(RUN_USAGE, "--volume %s: virtiofsd takes no commas in its name", v->host);
	return 0;
}

static int start(const struct volume *v, int *fd)
{
	struct server *server = &servers[server_count];
	const char *program = find_program();
	int listening = -1, status = check_volume(v);
	pid_t parent = getpid();

	if (status)
		return status;
	if (!program)
		return run_fail(RUN_ENVIRONMENT, "--volume %s: " NOT_INSTALLED, v->host);
	*fd = -1;
	server->messages = memfd_create("virtiofsd", MFD_CLOEXEC);
	if (server->messages < 0 || sockets_open(&listening, fd)) {
		status = run_fail(RUN_ENVIRONMENT, "--volume %s: %s", v->host, strerror(errno));
	} else {
		server->pid = fork();
		if (!server->pid)
			child(program, v, listening, server->messages, parent);
		if (server->pid < 0)
			status = run_fail(RUN_ENVIRONMENT, "--volume %s: %s", v->host, strerror(errno));
		else
			server_count++;
	}
	if (listening >= 0)
		close(listening);
	return status;
}

int servers_start(const struct volume *volumes, size_t count, struct qemu_options *q)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++)
		if (volumes[i].is_virtiofs)
			status = start(&volumes[i], &q->volumes[i].server_fd);
	return status;
}

int servers_lost(void)
{
	for (int i = 0; i < server_count; i++) {
		siginfo_t info = { .si_pid = 0 };

		if (!waitid(P_PID, (id_t)servers[i].pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
			return 1;
	}
	return 0;
}

/* The last line, or all of them. */
static void tell(int messages, int all)
{
	char text[4096], *line;
	ssize_t n = pread(messages, text, sizeof(text) - 1, 0);

	while (n > 0 && strchr("\r\n ", text[n - 1]))
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	line = all ? NULL : strrchr(text, '\n');
	run_fail(0, "virtiofsd: %s", line ? line + 1 : text);
}

/* It ends by itself when QEMU's end of the socket is closed, and so do processes that it has made, in its group. */
static void stop(const struct server *server)
{
	for (int tries = STOP_TRIES; tries; tries--) {
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
			return;
		usleep(STOP_WAIT_US);
	}
	kill(-server->pid, SIGKILL);
	kill(server->pid, SIGKILL);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void servers_stop(int explain, int all)
{
	while (server_count) {
		struct server *server = &servers[--server_count];

		stop(server);
		if (explain || all)
			tell(server->messages, all);
		close(server->messages);
	}
}
