/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine that saki-run starts with memory that is ours too: a memory file, which stays as the machine has left it.
 * SIGINT, SIGTERM and SIGHUP go on to saki-run while it runs, and it ends when we do. One at a time.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MACHINE_SIGNALS 3

struct machine {
	int memory_fd;		/* empty before the machine is made */
	int records_fd;		/* where a machine whose memory is no file of ours tells; -1: nowhere */
	pid_t pid;		/* of saki-run */
	int64_t start_ns;	/* CLOCK_MONOTONIC when that was started */
	struct sigaction old[MACHINE_SIGNALS];
};

/**
 * Starts "saki-run --memory-fd N OPTIONS... ARGUMENTS...", with our standard streams.
 *
 * @param options	count words that are ours
 * @param arguments	what else it is to be told, NULL at the end
 * @param records_fd	a file that it gets too, -1: none; it stays the caller's
 * @return 0; -1 after a line of error: there is nothing to be closed.
 */
int machine_start(struct machine *machine, const char *const *options, size_t count, char *const *arguments,
		  int records_fd);
/* CLOCK_MONOTONIC, ns. */
int64_t machine_now_ns(void);
/* Whether saki-run has ended; it is still to be waited for. */
bool machine_has_ended(const struct machine *machine);
/* Waits for that, and gives signals back to us. @return its exit status, 128 and the number if a signal ended it */
int machine_wait(struct machine *machine);
/* Gives the memory up. */
void machine_close(struct machine *machine);
