/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop that stops a machine and lets it go. See sampler.h. Times are the machine's: while it stands still its
 * clock does too, so it cannot tell. As of the sampler in the kernel, a sample that comes late stands for the periods
 * that were missed.
 */
#include "sampler.h"

#include "../prof.h"
#include "counts.h"
#include "guest.h"

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
	struct guest guest;
	struct gdb_stub stub;
	struct outside_stream stream;
	struct guest_known *known;
	uint64_t ran_ns;		/* how long it had run when it was stopped last */
	uint64_t next_ns;		/* of the machine's time: when the next sample is due */
	unsigned cpus;			/* that were seen */
	union {
		struct trace_chain chain;
		uint8_t room[GUEST_CHAIN_MAX];
	};
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static void look_at_cpu(struct looking *l, const struct gdb_cpu *cpu, uint64_t period_ns)
{
	struct guest_thread thread;
	struct outside_at at = { .time_ns = l->ran_ns };
	size_t size;

	if (!cpu->registers[GDB_GS_BASE])
		return;
	guest_memory_use(&l->guest.memory, cpu->registers[GDB_CR3]);
	if (!guest_thread_find(&l->guest, cpu, &thread))
		return;
	at.cpu = thread.cpu_id;
	at.thread = thread.id;
	if (l->cpus <= at.cpu)
		l->cpus = at.cpu + 1;
	size = guest_chain_make(&l->guest, cpu, &thread, &l->chain);
	guest_known_tell(l->known, &l->guest, &l->stream, &at, &thread, l->chain.words + l->chain.kernel_count,
			 l->chain.user_count);
	if (!l->sampler->counts)
		outside_stream_sample(&l->stream, &at, period_ns, &l->chain, size);
}

/* Until the next sample is due. False: the machine has ended. */
static bool wait_for_next(struct looking *l)
{
	struct pollfd poll = { .fd = l->stub.fd };
	uint64_t due = l->stub.resumed_ns + (l->next_ns > l->ran_ns ? l->next_ns - l->ran_ns : 0), now = now_ns();
	struct timespec left = { 0 };

	if (due > now)
		left = (struct timespec){ .tv_sec = (time_t)((due - now) / NSEC),
					  .tv_nsec = (long)((due - now) % NSEC) };
	/* What it has to say, acknowledgements, can wait; that it is gone is always told. */
	return ppoll(&poll, 1, &left, NULL) <= 0;
}

static bool sample(struct looking *l, uint64_t period_ns)
{
	uint64_t periods, stopped_ns;

	if (!gdb_stub_stop(&l->stub))
		return false;
	stopped_ns = l->stub.stopped_ns;
	l->ran_ns += stopped_ns > l->stub.resumed_ns ? stopped_ns - l->stub.resumed_ns : 0;
	periods = 1 + (l->ran_ns > l->next_ns ? (l->ran_ns - l->next_ns) / period_ns : 0);
	for (unsigned i = 0; i < l->stub.cpu_count; i++)
		look_at_cpu(l, &l->stub.cpus[i], periods * period_ns);
	l->next_ns += periods * period_ns;
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
		err = guest_memory_map(&l->guest.memory, machine->memory_fd);
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

	if (layout_read(&l->guest.layout, l->sampler->kernel, error) ||
	    outside_stream_begin(&l->stream, stream_fd, &l->guest.layout, l->sampler->hz, error)) {
		run_fail(PROF_ENVIRONMENT, "%s", error);
		return -1;
	}
	l->guest.stack_max = l->sampler->stack_max & ~(size_t)7;
	return 0;
}

static void look(struct looking *l, uint64_t period_ns)
{
	l->next_ns = period_ns;
	if (l->stub.pid)
		setpriority(PRIO_PROCESS, (id_t)l->stub.pid, BOOST);
	while (wait_for_next(l) && sample(l, period_ns))
		;
	l->sampler->ran_ns = l->ran_ns;
}

/* Once QEMU has written the last of it. @return 0, or -1 after a line of error */
static int tell_counts(struct looking *l, const struct machine *machine)
{
	const struct outside_at at = { .time_ns = l->ran_ns };
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	char error[PROFILE_ERROR];

	while (!machine_has_ended(machine))
		nanosleep(&pause, NULL);
	if (!counts_tell(l->sampler->counts, l->known, &l->stream, &at, &l->sampler->counted, error))
		return 0;
	return run_fail(-1, "%s", error);
}

bool sampler_watch(void *context, const struct machine *machine, int stream_fd)
{
	struct looking *l = memory_new(1, sizeof(*l));
	int status, err, niceness = getpriority(PRIO_PROCESS, 0);

	l->sampler = context;
	l->stub.fd = -1;
	l->known = guest_known_new();
	status = prepare(l, stream_fd);
	if (!status) {
		setpriority(PRIO_PROCESS, 0, BOOST);
		status = meet(l, machine);
		if (!status)
			look(l, NSEC / l->sampler->hz);
		setpriority(PRIO_PROCESS, 0, niceness);
		if (!status && l->sampler->counts)
			status = tell_counts(l, machine);
	}
	err = outside_stream_end(&l->stream, l->cpus);
	if (err)
		status = run_fail(-1, "the stream cannot be written: %s", strerror(err));
	guest_known_free(l->known);
	gdb_stub_close(&l->stub);
	guest_memory_unmap(&l->guest.memory);
	free(l);
	return status != -1;
}
