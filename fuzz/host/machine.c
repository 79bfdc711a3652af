/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting, watching and ending machines, and the hand-over of requests. See machine.h.
 */
#include "machine.h"

#include "cpus.h"

#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define BOOT_TIMEOUT_NS UINT64_C(20000000000)
#define SPINS_PER_LOOK 256		/* spins between looks at the clock */
#define YIELDS_PER_LOOK 16
#define SPIN_NS 30000			/* host world: then sleep on a futex */
#define SLEEP_NS 2000000		/* longest sleep before the machine's pulse is felt */
#define ASLEEP_FACTOR 10	/* times the limit that a machine may take which does nothing */

const char *const world_names[WORLDS] = { "host", "vm", "xen" };
const char *const tracker_names[TRACKERS] = { "guest", "logdirty", "clone", "restore", "boot", "none" };

bool tracker_replaces(enum tracker tracker)
{
	return tracker == TRACKER_CLONE || tracker == TRACKER_RESTORE || tracker == TRACKER_BOOT;
}

bool tracker_is_xens(enum tracker tracker)
{
	return tracker == TRACKER_LOGDIRTY || tracker == TRACKER_CLONE || tracker == TRACKER_RESTORE;
}

static int find_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(name, names[i]))
			return i;
	}
	return -1;
}

int world_parse(const char *name)
{
	return find_name(world_names, WORLDS, name);
}

int tracker_parse(const char *name)
{
	return find_name(tracker_names, TRACKERS, name);
}

uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int fail(char *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, MACHINE_ERROR, fmt, args);
	va_end(args);
	return -1;
}

/* ---- the machine's log ---- */

/* Keeps the end of what the machine says. */
static void read_log(struct machine *machine)
{
	char chunk[1024];
	ssize_t n;

	while (machine->log_fd >= 0 && (n = read(machine->log_fd, chunk, sizeof(chunk))) > 0) {
		size_t keep = sizeof(machine->log) - 1 - (size_t)n;

		if (machine->options.verbose)
			fwrite(chunk, 1, (size_t)n, stderr);
		if (machine->log_len > keep) {
			memmove(machine->log, machine->log + machine->log_len - keep, keep);
			machine->log_len = keep;
		}
		memcpy(machine->log + machine->log_len, chunk, (size_t)n);
		machine->log_len += (size_t)n;
		machine->log[machine->log_len] = '\0';
	}
}

/* The last line of the log that says something, for errors. */
static const char *last_line(struct machine *machine)
{
	char *line;

	read_log(machine);
	while (machine->log_len && strchr("\r\n ", machine->log[machine->log_len - 1]))
		machine->log[--machine->log_len] = '\0';
	if (!machine->log_len)
		return "it said nothing";
	line = strrchr(machine->log, '\n');
	return line ? line + 1 : machine->log;
}

/* ---- start ---- */

static int make_memory(struct machine *machine, char *error)
{
	if (machine->options.world == WORLD_XEN)
		return 0;
	machine->memory_size = (size_t)machine->options.memory_mib << 20;
	machine->memory_fd = memfd_create("saki-machine", MFD_CLOEXEC);
	if (machine->memory_fd < 0 || ftruncate(machine->memory_fd, (off_t)machine->memory_size))
		return fail(error, "no memory for the machine: %s", strerror(errno));
	machine->memory = mmap(NULL, machine->memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, machine->memory_fd, 0);
	if (machine->memory == MAP_FAILED) {
		machine->memory = NULL;
		return fail(error, "cannot map the machine's memory: %s", strerror(errno));
	}
	return 0;
}

static int spawn(struct machine *machine, char *error)
{
	int log[2];

	if (machine->options.world == WORLD_XEN) {
		machine->pid = machine_spawn_xen(machine, error);
		machine->pid = machine->pid < 0 ? 0 : machine->pid;
		return machine->pid ? 0 : -1;
	}
	if (pipe2(log, O_CLOEXEC | O_NONBLOCK))
		return fail(error, "no pipe for the machine's log: %s", strerror(errno));
	machine->log_fd = log[0];
	machine->pid = machine->options.world == WORLD_HOST ? machine_spawn_host(machine, log[1], error)
							    : machine_spawn_vm(machine, log[1], error);
	close(log[1]);
	if (machine->pid < 0) {
		machine->pid = 0;
		return -1;
	}
	cpus_bind_machine(machine->pid);
	return 0;
}

static bool in_memory(const struct machine *machine, uint64_t at, uint64_t len)
{
	return at < machine->memory_size && len <= machine->memory_size - at;
}

/* Takes over what the guest says of itself, once, checked. */
static int take_view(struct machine *machine, char *error)
{
	struct channel *channel = machine->channel;
	struct machine_view *view = &machine->view;
	uint64_t counters = channel->counters, pcs = channel->pcs, batch = channel->batch, live = 0;

	view->counter_count = channel->counter_count;
	view->frame_limit = channel->frame_limit;
	view->live_count = channel->live_count;
	view->bench_pages = channel->bench_pages;
	view->runner_restores = channel->runner_restores;
	view->max_size = channel->max_size;
	if (channel->version != CHANNEL_VERSION || channel->size != sizeof(*channel))
		return fail(error, "%s speaks channel version %u of %u bytes, not %u of %zu: rebuild it",
			    machine->image, channel->version, channel->size, CHANNEL_VERSION, sizeof(*channel));
	if (!view->max_size || view->max_size > CHANNEL_INPUT_MAX || view->frame_limit > machine->memory_size / PAGE ||
	    view->frame_limit > CHANNEL_FRAMES_MAX || !in_memory(machine, counters, view->counter_count) ||
	    (batch && (batch % PAGE || !in_memory(machine, batch, sizeof(struct channel_batch)))) ||
	    (view->counter_count &&
	     (counters % PAGE || view->counter_count > MACHINE_COUNTERS_MAX ||
	      view->counter_count > machine->memory_size / 16 || !in_memory(machine, pcs, view->counter_count * 16))))
		return fail(error, "the channel of %s makes no sense", machine->image);
	view->counters = machine->memory + counters;
	view->batch = batch ? (void *)(machine->memory + batch) : NULL;
	view->pcs = malloc(view->counter_count * sizeof(*view->pcs) + 1);
	view->live = malloc(CHANNEL_FRAMES_MAX / 8);
	if (!view->pcs || !view->live)
		return fail(error, "out of memory");
	for (size_t i = 0; i < view->counter_count; i++)
		memcpy(&view->pcs[i], machine->memory + pcs + i * 16, sizeof(*view->pcs));
	memcpy(view->live, channel->live, CHANNEL_FRAMES_MAX / 8);
	for (size_t frame = 0; frame < CHANNEL_FRAMES_MAX; frame++)
		live += view->live[frame / 8] >> frame % 8 & 1;
	if (live != view->live_count)
		return fail(error, "the channel of %s miscounts its live frames", machine->image);
	return 0;
}

/* True when the beacon shows a channel that is ready. */
static bool channel_ready(struct machine *machine)
{
	struct channel_beacon *beacon = (void *)(machine->memory + CHANNEL_BEACON);
	uint64_t at;

	if (__atomic_load_n(&beacon->magic, __ATOMIC_ACQUIRE) != CHANNEL_MAGIC)
		return false;
	at = beacon->channel;
	if (at % PAGE || !in_memory(machine, at, sizeof(struct channel)))
		return false;
	machine->channel = (void *)(machine->memory + at);
	return machine->channel->magic == CHANNEL_MAGIC &&
	       __atomic_load_n(&machine->channel->state, __ATOMIC_ACQUIRE) == CHANNEL_READY;
}

static int wait_for_channel(struct machine *machine, char *error)
{
	uint64_t start = now_ns();

	while (!channel_ready(machine)) {
		if (!machine_alive(machine))
			return fail(error, "%s ended before it was ready: %s", machine->image, last_line(machine));
		if (now_ns() - start > BOOT_TIMEOUT_NS)
			return fail(error, "%s was not ready in time: %s", machine->image, last_line(machine));
		usleep(200);
		read_log(machine);
	}
	/* Before its first request: whoever waits for one, too, wants no more of a crowded CPU than it needs. */
	machine->channel->crowded = machine->options.crowded;
	return take_view(machine, error);
}

int machine_prepare(const struct machine_options *options, char *error)
{
	char *image = image_path(options->world, options->preset, error);
	int err = image ? 0 : -1;

	if (!err && options->world == WORLD_XEN)
		err = machine_prepare_xen(options, image, error);
	free(image);
	return err;
}

int machine_start(struct machine *machine, const struct machine_options *options, char *error)
{
	memset(machine, 0, sizeof(*machine));
	machine->options = *options;
	if (!machine->options.memory_mib)
		machine->options.memory_mib = MACHINE_MEMORY_MIB;
	machine->memory_fd = machine->log_fd = -1;
	machine->image = image_path(options->world, options->preset, error);
	if (machine->image && !make_memory(machine, error) && !spawn(machine, error) &&
	    !wait_for_channel(machine, error) && (options->world != WORLD_XEN || !machine_xen_snapshot(machine, error)))
		return 0;
	machine_stop(machine);
	return -1;
}

void machine_kill(struct machine *machine)
{
	if (!machine->pid)
		return;
	if (machine->options.world == WORLD_XEN) {
		machine_xen_kill(machine);
	} else {
		kill(machine->pid, SIGKILL);
		waitpid(machine->pid, NULL, 0);
	}
	machine->pid = 0;
}

void machine_stop(struct machine *machine)
{
	machine_kill(machine);
	if (machine->clone)
		machine_xen_free(machine);
	if (machine->memory)
		munmap(machine->memory, machine->memory_size);
	if (machine->memory_fd >= 0)
		close(machine->memory_fd);
	if (machine->log_fd >= 0)
		close(machine->log_fd);
	free(machine->image);
	free(machine->view.pcs);
	free(machine->view.live);
	memset(machine, 0, sizeof(*machine));
	machine->memory_fd = machine->log_fd = -1;
}

bool machine_alive(struct machine *machine)
{
	if (machine->options.world == WORLD_XEN)
		return machine->pid && machine_xen_alive(machine);
	if (machine->pid && waitpid(machine->pid, NULL, WNOHANG) == machine->pid)
		machine->pid = 0;
	return machine->pid != 0;
}

void machine_interrupt(struct machine *machine)
{
	if (machine->pid && machine->options.world == WORLD_HOST)
		kill(machine->pid, SIGUSR1);
}

int machine_reset(struct machine *machine, size_t *pages)
{
	return machine_xen_reset(machine, pages);
}

uint8_t *machine_page(const struct machine *machine, size_t frame)
{
	uint8_t *page;

	if (machine->options.world == WORLD_XEN)
		return machine_xen_page(machine, frame);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, machine->memory_fd, (off_t)(frame * PAGE));
	return page == MAP_FAILED ? NULL : page;
}

/* A mapping of Xen's pages is one of this process as any other. */
void machine_page_release(uint8_t *page)
{
	munmap(page, PAGE);
}

/* ---- hand-over ---- */

static void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void futex_wait(uint32_t *word, uint32_t value, uint64_t ns)
{
	struct timespec time = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0);
}

void machine_request(struct machine *machine)
{
	struct channel *channel = machine->channel;

	channel->reset = machine->options.tracker == TRACKER_GUEST  ? RESET_INSIDE
			 : machine->options.tracker == TRACKER_NONE ? RESET_NEVER
								    : RESET_OUTSIDE;
	__atomic_store_n(&channel->request_seq, ++machine->seq, __ATOMIC_SEQ_CST);
	if (machine->options.world == WORLD_HOST && __atomic_load_n(&channel->guest_sleeps, __ATOMIC_SEQ_CST))
		futex_wake(&channel->request_seq);
}

/* A moment without the answer: sleep on it where the machine can wake us, give way where it cannot. */
static void rest(struct machine *machine, uint32_t *word, uint64_t waited_ns)
{
	struct channel *channel = machine->channel;
	uint32_t value;

	if (waited_ns < SPIN_NS)
		return;
	if (machine->options.world == WORLD_XEN)
		return;
	if (machine->options.world != WORLD_HOST) {
		/* Whoever else wants this CPU may be the emulator itself. */
		if (waited_ns > SLEEP_NS)
			usleep(100);
		else
			sched_yield();
		return;
	}
	__atomic_store_n(&channel->host_sleeps, 1, __ATOMIC_SEQ_CST);
	value = __atomic_load_n(word, __ATOMIC_SEQ_CST);
	if (value != machine->seq)
		futex_wait(word, value, SLEEP_NS);
	__atomic_store_n(&channel->host_sleeps, 0, __ATOMIC_SEQ_CST);
}

/* What the machine has had of the CPUs so far; 0 when nobody knows. */
static uint64_t cpu_ns(const struct machine *machine)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (machine->pid <= 0 || clock_getcpuclockid(machine->pid, &clock) || clock_gettime(clock, &used))
		return 0;
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/*
 * Where others keep the CPUs busy, time passes that the machine does not get: an input hangs when it has used its time
 * up, or when the machine sleeps for very much longer.
 */
static bool is_late(const struct machine *machine, uint64_t waited_ns, uint64_t cpu_start_ns, uint64_t timeout_ns)
{
	if (waited_ns <= timeout_ns)
		return false;
	/* A domain is no process, and nobody else's time is to be had in the lab. */
	return machine->options.world == WORLD_XEN || waited_ns > ASLEEP_FACTOR * timeout_ns ||
	       cpu_ns(machine) - cpu_start_ns > timeout_ns;
}

enum machine_wait machine_wait(struct machine *machine, uint32_t *word, uint64_t timeout_ns)
{
	/* A domain may need this very CPU. */
	unsigned spins_per_look = machine->options.world == WORLD_XEN ? YIELDS_PER_LOOK : SPINS_PER_LOOK;
	uint64_t start = 0, cpu_start = 0, waited;

	for (unsigned spins = 1;; spins++) {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == machine->seq)
			return MACHINE_ANSWERED;
		if (machine->options.world == WORLD_XEN)
			machine_xen_rest(machine);
		else
			_mm_pause();
		if (spins % spins_per_look)
			continue;
		if (!start)
			start = now_ns();
		waited = now_ns() - start;
		/* Asked late, as few inputs take that long and asking costs. */
		if (!cpu_start && waited > SLEEP_NS && machine->options.world != WORLD_XEN)
			cpu_start = cpu_ns(machine);
		rest(machine, word, waited);
		if (waited > SLEEP_NS && !machine_alive(machine))
			return __atomic_load_n(word, __ATOMIC_ACQUIRE) == machine->seq ? MACHINE_ANSWERED
										       : MACHINE_DIED;
		if (is_late(machine, waited, cpu_start, timeout_ns))
			return MACHINE_TIMED_OUT;
	}
}
