/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that stops a machine and lets it go. See sampler.h. Times are the machine's: while it stands still its
 * clock does too, so it cannot tell.
 */
#include "sampler.h"

#include "../prof.h"
#include "counts.h"
#include "look.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define NSEC UINT64_C(1000000000)
#define RETRY_NS 2000000
#define BOOST                                                                                                          \
	(-15) /* niceness of us and of QEMU's thread that answers, where that is ours to say: who is late sees less */

struct looking {
	struct sampler *sampler;
	struct gdb_stub stub;
	struct look look;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

/* Until the next sample is due. False: the machine has ended. */
static bool wait_for_next(struct looking *l)
{
	struct pollfd poll = { .fd = l->stub.fd };
	uint64_t left_ns = l->look.next_ns > l->look.ran_ns ? l->look.next_ns - l->look.ran_ns : 0;
	uint64_t due = l->stub.resumed_ns + left_ns, now = now_ns();
	struct timespec left = { 0 };

	if (due > now)
		left = (struct timespec){ .tv_sec = (time_t)((due - now) / NSEC),
					  .tv_nsec = (long)((due - now) % NSEC) };
	/* What it has to say, acknowledgements, can wait; that it is gone is always told. */
	return ppoll(&poll, 1, &left, NULL) <= 0;
}

static bool sample(struct looking *l)
{
	uint64_t stopped_ns;

	if (!gdb_stub_stop(&l->stub))
		return false;
	stopped_ns = l->stub.stopped_ns;
	l->look.ran_ns += stopped_ns > l->stub.resumed_ns ? stopped_ns - l->stub.resumed_ns : 0;
	look_at(&l->look, l->stub.cpus, l->stub.cpu_count);
	if (!gdb_stub_continue(&l->stub))
		return false;
	l->sampler->stopped_ns += l->stub.resumed_ns - stopped_ns;
	l->sampler->samples++;
	return true;
}

/* Until somebody listens. 0; -errno; -ESRCH: the machine has ended before. */
static int connect_to(struct looking *l, const struct machine *machine)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	int err;

	while ((err = gdb_stub_open(&l->stub, l->sampler->socket)) == -ENOENT || err == -ECONNREFUSED) {
		if (machine_has_ended(machine))
			return -ESRCH;
		nanosleep(&pause, NULL);
	}
	return err;
}

/* Stops the machine for the first time, and lets it go. @return 0; -ESRCH: it has ended; -1 after a line of error. */
static int meet(struct looking *l, const struct machine *machine)
{
	char error[GDB_ERROR] = "";
	int err = connect_to(l, machine);

	if (!err)
		err = guest_memory_map(&l->look.guest.memory, machine->memory_fd);
	if (!err && (gdb_stub_begin(&l->stub, error) || !gdb_stub_continue(&l->stub)))
		err = *error ? -EPROTO : -ESRCH;
	if (!err || err == -ESRCH)
		return err;
	run_fail(PROF_ENVIRONMENT, "--outside: %s",
		 *error          ? error
		 : err == -EFBIG ? "a machine with up to 2816M of memory, this one has more"
				 : strerror(-err));
	return -1;
}

static int prepare(struct looking *l, int stream_fd)
{
	char error[PROFILE_ERROR];

	if (layout_read(&l->look.guest.layout, l->sampler->kernel, error) ||
	    look_begin(&l->look, stream_fd, l->sampler->hz, l->sampler->stack_max, error)) {
		run_fail(PROF_ENVIRONMENT, "%s", error);
		return -1;
	}
	l->look.tells_samples = !l->sampler->counts;
	return 0;
}

static void look(struct looking *l)
{
	if (l->stub.pid)
		setpriority(PRIO_PROCESS, (id_t)l->stub.pid, BOOST);
	while (wait_for_next(l) && sample(l))
		;
	l->sampler->ran_ns = l->look.ran_ns;
}

/* Once QEMU has written the last of it. @return 0, or -1 after a line of error */
static int tell_counts(struct looking *l, const struct machine *machine)
{
	const struct outside_at at = { .time_ns = l->look.ran_ns };
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	char error[PROFILE_ERROR];

	while (!machine_has_ended(machine))
		nanosleep(&pause, NULL);
	if (!counts_tell(l->sampler->counts, l->look.known, &l->look.stream, &at, &l->sampler->counted, error))
		return 0;
	return run_fail(-1, "%s", error);
}

bool sampler_watch(void *context, const struct machine *machine, int stream_fd)
{
	struct looking *l = memory_new(1, sizeof(*l));
	int status, err, niceness = getpriority(PRIO_PROCESS, 0);

	l->sampler = context;
	l->stub.fd = -1;
	status = prepare(l, stream_fd);
	if (!status) {
		setpriority(PRIO_PROCESS, 0, BOOST);
		status = meet(l, machine);
		if (!status)
			look(l);
		setpriority(PRIO_PROCESS, 0, niceness);
		if (!status && l->sampler->counts)
			status = tell_counts(l, machine);
	}
	err = look_end(&l->look, false);
	if (err)
		status = run_fail(-1, "the stream cannot be written: %s", strerror(err));
	gdb_stub_close(&l->stub);
	guest_memory_unmap(&l->look.guest.memory);
	free(l);
	return status != -1;
}
