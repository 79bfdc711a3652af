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
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <plat/run/image.h>

#include "forward.h"
#include "machine.h"
#include "recorder.h"
#include "rings.h"

#define POLL_NS 1000000
#define POLL_OFTEN_NS 100000
#define OFTEN_NS INT64_C(20000000000) /* a boot takes no longer, where times of that size matter */
#define PATIENCE 20	/* polls after which also a little is taken */

/* Takes what the rings tell, until saki-run has ended. */
static void watch(struct rings *rings, const struct machine *machine)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	bool ended = false;

	for (unsigned polls = 0; !ended; polls++) {
		ended = machine_has_ended(machine);
		if (!(rings_find(rings) && rings_drain(rings, ended || polls % PATIENCE == 0)))
			nanosleep(&pause, NULL);
	}
}

/* The machine's clock as its records have it: ns since boot. */
static int64_t machine_ns(const struct trace_area *area, uint64_t time)
{
	if (area->flags & TRACE_TIME_NS)
		return (int64_t)time;
	return (int64_t)((__int128)(int64_t)(time - area->time_start) * (__int128)area->time_scale >> 32);
}

/* The same, with what can be learnt of its clock. */
static void watch_clock(struct rings *rings, const struct machine *machine, struct clock_bounds *clock)
{
	int64_t began = machine_now_ns();
	bool ended = false;

	/* Sleeping shall not take longer than it is asked for. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	while (!ended) {
		bool often = machine_now_ns() - began < OFTEN_NS;
		const struct timespec pause = { .tv_nsec = often ? POLL_OFTEN_NS : POLL_NS };

		ended = machine_has_ended(machine);
		if (rings_find(rings)) {
			rings_tell_time(rings, (uint64_t)machine_now_ns());
			rings_drain(rings, true);
			if (rings->newest)
				clock_not_after(clock, machine_ns(&rings->area, rings->newest), machine_now_ns());
		}
		nanosleep(&pause, NULL);
	}
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

	/* Where the memory is not ours, saki-run has said already why there is no machine. */
	if (!o->watch && !rings->area_at && (rings->memory || status < RECORDER_USAGE)) {
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

static int record(const struct recorder_options *o, int stream_fd, struct recorder_result *result)
{
	char records[16];
	const char *const ours[] = { "--preset", o->preset, "--append", o->words, "--records-fd", records };
	bool failed = false;
	struct machine machine;
	struct rings rings;
	int status;

	snprintf(records, sizeof(records), "%d", stream_fd);
	if (machine_start(&machine, ours, sizeof(ours) / sizeof(ours[0]), o->arguments, stream_fd))
		return RECORDER_ENVIRONMENT;
	rings_init(&rings, machine.memory_fd, stream_fd);
	if (!o->watch && o->clock)
		watch_clock(&rings, &machine, o->clock);
	else if (!o->watch)
		watch(&rings, &machine);
	else
		failed = !o->watch(o->context, &machine, stream_fd);
	if (failed)
		kill(machine.pid, SIGTERM);
	status = machine_wait(&machine);
	if (rings.memory)
		rings_finish(&rings);
	else if (!o->watch)
		rings_take_forward(&rings);
	status = failed ? RECORDER_ENVIRONMENT : conclude(o, &rings, status);
	*result = (struct recorder_result){ .is_traced = rings.area_at,
					    .functions = rings.area.function_count,
					    .bytes = rings.bytes,
					    .lost = sum(rings.lost, TRACE_CPUS_MAX),
					    .start_ns = machine.start_ns,
					    .broken = rings.broken };
	rings_free(&rings);
	machine_close(&machine);
	return status;
}

int recorder_run(const struct recorder_options *options, struct recorder_result *result)
{
	char *image = image_path(options->preset);
	int stream_fd, status = RECORDER_ENVIRONMENT;

	*result = (struct recorder_result){ 0 };
	if (!image)
		return status;
	stream_fd = open_stream(options);
	if (stream_fd >= 0 && !copy_kernel(options, image))
		status = record(options, stream_fd, result);
	if (stream_fd >= 0)
		close(stream_fd);
	free(image);
	return status;
}

bool recorder_ring_fits(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	if (end == text || end - text > 10 || *text == '-' || *text == '+' || (shift && *++end) || *end)
		return false;
	n <<= shift;
	return n >= 64 << 10 && n <= 2 << 20 && !(n & (n - 1));
}
