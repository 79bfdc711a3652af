/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machines side by side: see pool.h. One loop waits for all of them: for what they say, their ends, their limits, and
 * for the signals that end everything.
 */
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <plat/run/image.h>
#include <plat/run/qemu.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"
#include "stream.h"

#define ENVIRONMENT 3
#define LOOK_S 0.25	/* between looks at what a machine has spent */
#define IDLE_SHARE 0.05	/* who uses less of a CPU is not working, but for QEMU's own timers */
#define STARVED 20	/* limits of time, after which one that gets next to no CPU is given up */
/* What QEMU's emulator offers beyond "max"; an accelerator that has it not says so and goes on. */
#define CPU "max,+pks"

enum { STREAM_LOG, STREAM_CONSOLE, STREAM_DEBUG, STREAM_MESSAGES, STREAMS };

struct slot {
	pid_t pid;		/* 0: free */
	bool at_limit;
	double start;
	double spent;		/* of its limit */
	double looked_at;	/* when that was last added to, */
	double used, waited;	/* and what its threads had had of CPUs, and waited for them, by then */
	struct boot boot;
	struct stream streams[STREAMS];
	int initrd_fd;
};

struct pool {
	const struct pool_work *work;
	unsigned machines;
	int signal_fd;
	bool interrupted;
	int status;
	struct slot *slots;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

unsigned pool_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned)CPU_COUNT(&cpus);
}

/* ---- one machine ---- */

static void slot_free(struct slot *slot)
{
	for (int i = 0; i < STREAMS; i++)
		stream_close(&slot->streams[i]);
	if (slot->initrd_fd >= 0)
		close(slot->initrd_fd);
	slot->initrd_fd = -1;
	slot->pid = 0;
}

static int slot_streams_open(struct slot *slot, struct qemu_options *q)
{
	int *theirs[STREAMS] = { &q->log_fd, &q->console_out_fd, &q->debug_fd, &q->message_fd };

	for (int i = 0; i < STREAMS; i++)
		if (stream_open(&slot->streams[i], theirs[i]))
			return -1;
	return 0;
}

static void slot_give_up_theirs(const struct qemu_options *q)
{
	const int fds[STREAMS] = { q->log_fd, q->console_out_fd, q->debug_fd, q->message_fd };

	for (int i = 0; i < STREAMS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int slot_start(struct slot *slot)
{
	struct qemu_options q = QEMU_OPTIONS_DEFAULT;
	char line[sizeof(slot->boot.line) + 512], error[QEMU_ERROR];
	int err = slot_streams_open(slot, &q);

	if (err)
		snprintf(error, sizeof(error), "no pipe or no memory for a machine: %s", strerror(errno));
	q.kernel = slot->boot.kernel;
	q.cpu = CPU;
	q.rng = 1;
	if (slot->boot.initrd) {
		slot->initrd_fd = q.initrd_fd = open(slot->boot.initrd, O_RDONLY | O_CLOEXEC);
		if (q.initrd_fd < 0 && !err)
			err = snprintf(error, sizeof(error), "%s: %s", slot->boot.initrd, strerror(errno));
	}
	snprintf(line, sizeof(line), "%s %s", qemu_device_words(&q), slot->boot.line);
	q.command_line = line;
	slot->at_limit = false;
	slot->start = now();
	slot->looked_at = slot->start;
	slot->spent = slot->used = slot->waited = 0;
	slot->pid = err ? -1 : qemu_start(&q, error);
	slot_give_up_theirs(&q);
	if (slot->pid > 0)
		return 0;
	slot_free(slot);
	return run_fail(ENVIRONMENT, "%s", error);
}

static void slot_describe_end(struct slot *slot, int wait_status, struct evidence *evidence)
{
	const char *words = strstr(slot->streams[STREAM_DEBUG].text, "exit ");
	struct stream *messages = &slot->streams[STREAM_MESSAGES];

	evidence->end = END_NO_MACHINE;
	evidence->error = *messages->text ? messages->text : "QEMU ended, and did not say why";
	if (words && sscanf(words, "exit %d", &evidence->status) == 1)
		evidence->end = END_STATUS;
	else if (slot->at_limit)
		evidence->end = END_LIMIT;
	else if (WIFEXITED(wait_status) && !WEXITSTATUS(wait_status))
		evidence->end = END_GONE;
}

/* A machine has ended: what it said is still in the pipes. */
static void slot_finish(struct pool *pool, struct slot *slot, int wait_status)
{
	struct booted booted = { .seconds = now() - slot->start };
	char *text = NULL;

	for (int i = 0; i < STREAMS; i++)
		stream_read_to_end(&slot->streams[i]);
	slot_describe_end(slot, wait_status, &booted.evidence);
	if (asprintf(&text, "%s\n%s", slot->streams[STREAM_LOG].text, slot->streams[STREAM_CONSOLE].text) < 0)
		pool->status = run_fail(ENVIRONMENT, "no memory");
	else
		booted.evidence.text = text;
	if (!pool->status && !pool->interrupted)
		pool->work->done(pool->work->arg, &slot->boot, &booted);
	free(text);
	slot_free(slot);
}

/* How long the threads of a process have been on a CPU, and how long they have waited for one. */
static void read_times(pid_t pid, double *used, double *waited)
{
	char path[64];
	DIR *tasks;

	*used = *waited = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	for (struct dirent *task; tasks && (task = readdir(tasks));) {
		unsigned long long on = 0, queued = 0;
		char name[sizeof(path) + sizeof(task->d_name) + 16];
		FILE *file;

		snprintf(name, sizeof(name), "%s/%s/schedstat", path, task->d_name);
		file = *task->d_name == '.' ? NULL : fopen(name, "re");
		if (file && fscanf(file, "%llu %llu", &on, &queued) == 2) {
			*used += (double)on / 1e9;
			*waited += (double)queued / 1e9;
		}
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
}

/*
 * A machine spends the time that it has had a CPU for, so that a busy host makes no hangs; one that does nothing, nor
 * waits for a CPU, spends the time that goes by.
 */
static void slot_spend(struct slot *slot)
{
	double at = now(), took = at - slot->looked_at, used, waited;

	if (took < LOOK_S)
		return;
	read_times(slot->pid, &used, &waited);
	if (used - slot->used + waited - slot->waited < IDLE_SHARE * took)
		slot->spent += took;
	else if (used > slot->used)
		slot->spent += used - slot->used;
	slot->looked_at = at;
	slot->used = used;
	slot->waited = waited;
	if (slot->spent > slot->boot.limit_s || at - slot->start > STARVED * slot->boot.limit_s) {
		slot->at_limit = true;
		kill(slot->pid, SIGKILL);
	}
}

static void slot_look(struct pool *pool, struct slot *slot)
{
	int status;

	if (slot->pid && waitpid(slot->pid, &status, WNOHANG) == slot->pid)
		slot_finish(pool, slot, status);
	else if (slot->pid && !slot->at_limit)
		slot_spend(slot);
}

/* ---- all of them ---- */

static bool ends(const struct pool *pool)
{
	return pool->interrupted || pool->status;
}

/* @return how many run */
static unsigned start_more(struct pool *pool)
{
	unsigned running = 0;

	for (unsigned i = 0; i < pool->machines; i++) {
		struct slot *slot = &pool->slots[i];

		if (!slot->pid && !ends(pool) && pool->work->next(pool->work->arg, &slot->boot))
			pool->status = slot_start(slot);
		running += slot->pid != 0;
	}
	return running;
}

static void wait_for_any(struct pool *pool)
{
	struct pollfd fds[1 + POOL_MACHINES_MAX * STREAMS];
	struct stream *streams[1 + POOL_MACHINES_MAX * STREAMS];
	nfds_t count = 1;

	fds[0] = (struct pollfd){ .fd = pool->signal_fd, .events = POLLIN };
	for (unsigned i = 0; i < pool->machines; i++)
		for (int j = 0; pool->slots[i].pid && j < STREAMS; j++) {
			streams[count] = &pool->slots[i].streams[j];
			fds[count++] = (struct pollfd){ .fd = pool->slots[i].streams[j].fd, .events = POLLIN };
		}
	if (poll(fds, count, (int)(LOOK_S * 1000)) > 0)
		for (nfds_t i = 1; i < count; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				stream_read(streams[i]);
	pool->interrupted |= signals_read(pool->signal_fd);
	for (unsigned i = 0; i < pool->machines; i++)
		slot_look(pool, &pool->slots[i]);
}

static void kill_all(struct pool *pool)
{
	for (unsigned i = 0; i < pool->machines; i++)
		if (pool->slots[i].pid) {
			qemu_kill(pool->slots[i].pid);
			slot_free(&pool->slots[i]);
		}
}

int pool_run(const struct pool_work *work, unsigned machines)
{
	struct pool pool = { .work = work, .machines = machines, .signal_fd = signals_open() };

	pool.slots = calloc(machines, sizeof(*pool.slots));
	if (!pool.slots || pool.signal_fd < 0) {
		free(pool.slots);
		return run_fail(ENVIRONMENT, "machines cannot be watched: %s", strerror(errno));
	}
	for (unsigned i = 0; i < machines; i++) {
		pool.slots[i].initrd_fd = -1;
		for (int j = 0; j < STREAMS; j++)
			pool.slots[i].streams[j].fd = -1;
	}
	while (!ends(&pool) && start_more(&pool) && !ends(&pool))
		wait_for_any(&pool);
	kill_all(&pool);
	free(pool.slots);
	close(pool.signal_fd);
	return pool.interrupted ? INTERRUPTED : pool.status;
}
