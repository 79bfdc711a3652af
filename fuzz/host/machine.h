/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine: a kernel of its own behind a memory file that this process maps too. In the host world it is the process
 * saki.host, in the vm world a QEMU, in the xen world a domain of Xen's. This is all that tells the worlds apart: how
 * the machine is started, how a hanging input is interrupted and how its end is noticed. What it shares
 * (fuzz/abi/channel.h) is untrusted: machine_view holds the part that was checked once, when the snapshot was fresh,
 * and is used from then on.
 */
#pragma once

#include <fuzz/abi/channel.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum world { WORLD_HOST, WORLD_VM, WORLD_XEN, WORLDS };
extern const char *const world_names[WORLDS];
/*
 * By name, -1 when there is none.
 */
int world_parse(const char *name);
int tracker_parse(const char *name);

/*
 * Who sees what an input has written, and puts it back. Those from TRACKER_CLONE on are there to be compared with: no
 * campaign can have them.
 */
enum tracker {
	TRACKER_GUEST,		/* the guest itself (fuzz/guest) */
	TRACKER_LOGDIRTY,	/* xen: Xen and dom0 (fuzz/xen) */
	TRACKER_CLONE,		/* xen: nobody; each input has a clone of its own */
	TRACKER_RESTORE,	/* xen: nobody; each has a machine restored by xl */
	TRACKER_BOOT,		/* nobody; each has a machine that booted for it */
	TRACKER_NONE,		/* nobody; an input finds what others have left */
	TRACKERS
};
extern const char *const tracker_names[TRACKERS];
/* True where a machine is for one input only. */
bool tracker_replaces(enum tracker tracker);
bool tracker_is_xens(enum tracker tracker);

#define MACHINE_MEMORY_MIB 32
#define MACHINE_ERROR 256	/* bytes that a message buffer should have */
#define MACHINE_LINE 2048	/* of a kernel's command line, at most */
#define MACHINE_COUNTERS_MAX (1u << 21)	/* coverage counters of an image */

struct machine_options {
	enum world world;
	const char *preset;		/* "asan", "fuzz+planted" */
	const char *harness;
	const char *plat;		/* vm: "microvm" by default */
	const char *append;		/* more words for the kernel's command line, or NULL */
	bool tells_events;		/* append makes it trace: see last_events.h */
	enum tracker tracker;
	unsigned memory_mib;		/* 0: MACHINE_MEMORY_MIB */
	bool crowded;			/* xen: one of several that may have one CPU */
	bool verbose;			/* the machine's log to our stderr */
};

/* Checked copies of what the guest said when its snapshot was taken. Offsets lie in the memory file. */
struct machine_view {
	uint8_t *counters;
	size_t counter_count;
	uint64_t *pcs;			/* our copy: counter_count PCs */
	size_t max_size;
	uint8_t *live;			/* our copy of the live bitmap */
	size_t frame_limit, live_count;
	size_t bench_pages;
	bool runner_restores;		/* see fuzz/abi/channel.h */
	struct channel_batch *batch;	/* in the memory file; NULL: "batch" was not appended */
};

struct machine {
	struct machine_options options;
	char *image;			/* the file that runs */
	int memory_fd;
	uint8_t *memory;
	size_t memory_size;
	pid_t pid;			/* 0: none runs; xen: the domain's number */
	struct clone *clone;		/* xen: see fuzz/xen/cloner.h */
	int log_fd;			/* what it says; read end of a pipe, non-blocking */
	char log[4096];			/* the end of that */
	size_t log_len;
	struct channel *channel;	/* in memory */
	struct machine_view view;
	uint32_t seq;			/* of the last request */
};

/**
 * Makes ready what machines with these options share, for this process and those that it forks later: the image; in
 * the xen world the domain that is cloned.
 * @return 0; -1 with one line in error.
 */
int machine_prepare(const struct machine_options *options, char *error);
/**
 * Builds the image if need be, starts a machine and waits until its snapshot is taken.
 * @return 0; -1 with one line in error.
 */
int machine_start(struct machine *machine, const struct machine_options *options, char *error);
/* Kills it if it still runs and gives everything back. Safe on a machine that failed to start, or twice. */
void machine_stop(struct machine *machine);
/* Ends the process, keeps the memory readable. */
void machine_kill(struct machine *machine);
/* False once the process has ended; it is reaped then. */
bool machine_alive(struct machine *machine);
/*
 * Host world: asks the machine to end the running input as a hang. Nothing in the vm world, where the guest has
 * a timer.
 */
void machine_interrupt(struct machine *machine);

/*
 * Tracker logdirty: returns the machine to the snapshot, whatever state it is in; done_seq may be waited for before,
 * ready_seq means nothing. *pages: how many were written. 0, or -1: it has to be replaced.
 */
int machine_reset(struct machine *machine, size_t *pages);

/* Hands a request over: all of the request's fields are set. */
void machine_request(struct machine *machine);

/* A page of its memory, for fault injection: stays there when the machine goes. NULL: it cannot be mapped. */
uint8_t *machine_page(const struct machine *machine, size_t frame);
void machine_page_release(uint8_t *page);

enum machine_wait { MACHINE_ANSWERED, MACHINE_TIMED_OUT, MACHINE_DIED };
/*
 * Waits until *word, one of the channel's, has the last request's number, or the machine has used timeout_ns of CPU
 * time.
 */
enum machine_wait machine_wait(struct machine *machine, uint32_t *word, uint64_t timeout_ns);

/* The path of an image, built by make when it is missing or out of date; NULL with one line in error. To be freed. */
char *image_path(enum world world, const char *preset, char *error);

/* Nanoseconds on the monotonic clock. */
uint64_t now_ns(void);

/* ---- one per world ---- */

/* Starts the process with memory_fd as its memory, log_fd[1] as its stderr. The child's pid, or -1 with error. */
pid_t machine_spawn_host(struct machine *machine, int log_fd, char *error);
pid_t machine_spawn_vm(struct machine *machine, int log_fd, char *error);
/* True in a dom0. */
bool machine_xen_possible(void);
/* The parent of clones, for this process and its forks. */
int machine_prepare_xen(const struct machine_options *options, const char *image, char *error);
/* A clone, mapped; its domain's number, or -1 with error. */
pid_t machine_spawn_xen(struct machine *machine, char *error);
/* Once the channel is known. */
int machine_xen_snapshot(struct machine *machine, char *error);
int machine_xen_reset(struct machine *machine, size_t *pages);
bool machine_xen_alive(struct machine *machine);
/* Lets the machine have this CPU. */
void machine_xen_rest(const struct machine *machine);
uint8_t *machine_xen_page(const struct machine *machine, size_t frame);
void machine_xen_kill(struct machine *machine);
void machine_xen_free(struct machine *machine);
