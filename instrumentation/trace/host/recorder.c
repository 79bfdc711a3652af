/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running a program under a recorder. See recorder.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <plat/run/image.h>

#include "recorder.h"
#include "rings.h"

#define POLL_NS 1000000
#define PATIENCE 20	/* polls after which also a little is taken */

static volatile sig_atomic_t child;

/* ---- the child ---- */

static void pass_on(int signal)
{
	if (child > 0)
		kill((pid_t)child, signal);
}

static void catch_signals(struct sigaction old[3])
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = pass_on };

	for (size_t i = 0; i < 3; i++)
		sigaction(signals[i], &action, &old[i]);
}

static void leave_signals(const struct sigaction old[3])
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < 3; i++)
		sigaction(signals[i], &old[i], NULL);
}

/* saki-run's command line; NULL without memory. */
static char **command(const struct recorder_options *o, char *saki_run, char *memory)
{
	char *const ours[] = { saki_run, "--memory-fd", memory, "--preset", (char *)o->preset,
			       "--append", (char *)o->words };
	size_t n = sizeof(ours) / sizeof(ours[0]), count = 0;
	char **argv;

	while (o->arguments[count])
		count++;
	argv = calloc(n + count + 1, sizeof(*argv));
	if (!argv)
		return NULL;
	memcpy(argv, ours, sizeof(ours));
	memcpy(argv + n, o->arguments, count * sizeof(*argv));
	return argv;
}

/* Starts saki-run, which ends when we do. @return its process id, or -1 with errno */
static pid_t start(const struct recorder_options *o, int memory_fd)
{
	char folder[PATH_MAX], path[PATH_MAX], memory[16], **argv;
	pid_t parent = getpid(), pid;

	snprintf(memory, sizeof(memory), "%d", memory_fd);
	if (image_build_dir(folder) ||
	    (size_t)snprintf(path, sizeof(path), "%s/tools/saki-run", folder) >= sizeof(path))
		return -1;
	argv = command(o, path, memory);
	pid = argv ? fork() : -1;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent) {
			fcntl(memory_fd, F_SETFD, 0);
			execv(path, argv);
			run_fail(RECORDER_ENVIRONMENT, "%s: %s", path, strerror(errno));
		}
		_exit(RECORDER_ENVIRONMENT);
	}
	free(argv);
	return pid;
}

/* Takes what the rings tell, until saki-run has ended. @return its wait status */
static int watch(struct rings *rings, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int status = 0;

	for (unsigned polls = 0;; polls++) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		bool full = rings_find(rings) && rings_drain(rings, ended || polls % PATIENCE == 0);

		if (ended == pid || (ended < 0 && errno != EINTR))
			return status;
		if (!full)
			nanosleep(&pause, NULL);
	}
}

bool recorder_has_ended(const struct recorder_machine *machine)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)machine->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

/* Leaves that to somebody else. @return saki-run's wait status; -1: he has failed */
static int watch_by(const struct recorder_options *o, const struct rings *rings, pid_t pid)
{
	const struct recorder_machine machine = { rings->memory_fd, rings->stream_fd, pid };
	bool failed = !o->watch(o->context, &machine);
	int status = 0;

	if (failed)
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return failed ? -1 : status;
}

/* ---- the recording ---- */

static int copy_kernel(const struct recorder_options *o, const char *image)
{
	char path[PATH_MAX];
	int in, out;
	ssize_t n = -1;

	snprintf(path, sizeof(path), "%s/%s", o->folder, RECORDER_KERNEL);
	in = open(image, O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	while (in >= 0 && out >= 0 && (n = sendfile(out, in, NULL, 1 << 24)) > 0)
		;
	if (n)
		run_fail(RECORDER_ENVIRONMENT, "%s: %s", path, strerror(errno));
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return n ? RECORDER_ENVIRONMENT : 0;
}

static int open_stream(const struct recorder_options *o)
{
	char path[PATH_MAX];
	int fd;

	if (mkdir(o->folder, 0777) && errno != EEXIST) {
		run_fail(RECORDER_ENVIRONMENT, "%s: %s", o->folder, strerror(errno));
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", o->folder, RECORDER_STREAM);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		run_fail(RECORDER_ENVIRONMENT, "%s: %s", path, strerror(errno));
	return fd;
}

static uint64_t sum(const uint64_t *values, size_t count)
{
	uint64_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += values[i];
	return n;
}

/* What there is to say of a recording that was made, and the exit status. */
static int conclude(const struct recorder_options *o, const struct rings *rings, int status)
{
	uint64_t lost = sum(rings->lost, TRACE_CPUS_MAX);

	if (rings->memory && !rings->area_at) {
		run_fail(RECORDER_ENVIRONMENT,
			 "nothing was recorded: the kernel told of no events (preset %s is built without TRACE, or it "
			 "did not get that far)",
			 o->preset);
		/* saki-run's own reasons come first. */
		return (status >= RECORDER_USAGE && status <= 127) || status == 130 ? status : RECORDER_ENVIRONMENT;
	}
	if (rings->error)
		return run_fail(RECORDER_ENVIRONMENT, "%s/%s: %s; what was written before is kept", o->folder,
				RECORDER_STREAM, strerror(rings->error));
	if (lost)
		run_fail(RECORDER_ENVIRONMENT,
			 "%llu records were lost: the machine was faster than we; choose fewer events, or conditions",
			 (unsigned long long)lost);
	if (rings->broken)
		run_fail(RECORDER_ENVIRONMENT, "%llu times a ring said what cannot be; what it held is missing",
			 (unsigned long long)rings->broken);
	return status;
}

static int record(const struct recorder_options *o, struct rings *rings)
{
	struct sigaction old[3];
	int status;

	catch_signals(old);
	child = start(o, rings->memory_fd);
	if (child < 0) {
		leave_signals(old);
		return run_fail(RECORDER_ENVIRONMENT, "saki-run cannot be started: %s", strerror(errno));
	}
	status = o->watch ? watch_by(o, rings, (pid_t)child) : watch(rings, (pid_t)child);
	child = 0;
	leave_signals(old);
	rings_finish(rings);
	if (status < 0)
		return RECORDER_ENVIRONMENT;
	return conclude(o, rings, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int recorder_run(const struct recorder_options *options, struct recorder_result *result)
{
	char *image = image_path(options->preset);
	int memory_fd = -1, stream_fd, status = RECORDER_ENVIRONMENT;
	struct rings rings;

	*result = (struct recorder_result){ 0 };
	if (!image)
		return status;
	stream_fd = open_stream(options);
	if (stream_fd < 0)
		goto err_stream;
	if (copy_kernel(options, image))
		goto err_kernel;
	memory_fd = memfd_create("saki-memory", MFD_CLOEXEC);
	if (memory_fd < 0) {
		run_fail(RECORDER_ENVIRONMENT, "no memory for a machine: %s", strerror(errno));
		goto err_kernel;
	}
	rings_init(&rings, memory_fd, stream_fd);
	status = record(options, &rings);
	*result = (struct recorder_result){ .is_traced = rings.area_at,
					    .functions = rings.area.function_count,
					    .bytes = rings.bytes,
					    .lost = sum(rings.lost, TRACE_CPUS_MAX),
					    .broken = rings.broken };
	rings_free(&rings);
	close(memory_fd);
err_kernel:
	close(stream_fd);
err_stream:
	free(image);
	return status;
}
