/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machines side by side: each boots an image with a command line, and is over after a moment. What it says is kept up
 * to a bound. No machine outlives the pool.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge.h"

#define POOL_MACHINES_MAX 256

struct boot {
	const char *kernel;	/* path of saki.elf; it has to stay while the machine runs */
	char line[512];		/* the kernel's command line */
	double limit_s;		/* of CPU time, or of idling */
	const char *initrd;	/* a file; NULL: none */
	void *tag;		/* the caller's */
};

struct booted {
	struct evidence evidence;
	double seconds;		/* from QEMU's start to its end */
};

struct pool_work {
	/* The next machine; false: there is none for now. It is asked again whenever a machine has ended. */
	bool (*next)(void *arg, struct boot *boot);
	void (*done)(void *arg, const struct boot *boot, const struct booted *booted);
	void *arg;
};

/**
 * Boots what there is to boot, until nothing is left.
 *
 * @param machines	how many at once
 * @return 0; INTERRUPTED after SIGINT, SIGTERM or SIGHUP; else an exit status after a line of error
 */
int pool_run(const struct pool_work *work, unsigned machines);

/* CPUs that this process may use. */
unsigned pool_cpus(void);
