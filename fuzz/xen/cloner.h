/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clones of a machine of Xen's, made from dom0 with the libraries that every toolstack uses, on a hypervisor as it is.
 * A *parent* boots until it suspends itself (struct platform's suspend()); a *clone* is a domain of its own with a copy
 * of the parent's memory and CPU, whose memory stays mapped here. No domain outlives the cloner, however that ends: a
 * guardian process destroys what is left.
 *
 * Not for threads. What a clone writes into its memory is not to be trusted.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cloner;
struct clone;

#define CLONER_ERROR 256	/* bytes that a message buffer should have */

/* Where a machine comes from: from the parent, or, to compare that with, each from xl. */
enum cloner_way {
	CLONER_CLONE,
	CLONER_BOOT,		/* there is no parent: xl create */
	CLONER_RESTORE,		/* the parent is saved in a file: xl restore */
};

/*
 * What domains need besides that are no harnesses (server.h): all of it may be NULL. 0 is success; else one line is in
 * error.
 */
struct cloner_hooks {
	/* More lines of the parent's configuration. */
	void (*configure)(void *context, FILE *config);
	/* The parent runs: until it has been asked to suspend itself. */
	int (*prepare)(void *context, uint32_t parent, char *error);
	/* A clone has all of the parent's, and is about to run. */
	int (*join)(void *context, struct clone *clone, char *error);
	/* It is about to be destroyed. */
	void (*leave)(void *context, uint32_t domain);
	void *context;
};

struct cloner_options {
	const char *kernel, *command_line;
	enum cloner_way way;
	unsigned memory_mib;
	bool verbose;		/* what Xen's tools say, to stderr */
	const struct cloner_hooks *hooks;		/* NULL: none */
	const volatile sig_atomic_t *interrupted;	/* not 0: nothing is waited for any more; NULL: never */
};

/* True in a dom0. */
bool cloner_possible(void);

/**
 * Boots a parent and waits until it has suspended itself.
 * @return NULL with one line in error.
 */
struct cloner *cloner_open(const struct cloner_options *options, char *error);
/* Destroys parent and clones. Of each clone, clone_free() is still to be called, before. */
void cloner_close(struct cloner *cloner);
/**
 * In a process that was forked since: makes the cloner its own. What either clones is its own; the parent stays until
 * all have closed theirs or ended.
 * @return 0; -1 with one line in error: then it can only be closed.
 */
int cloner_forked(struct cloner *cloner, char *error);
/* Lets other domains have this CPU. */
void cloner_yield(struct cloner *cloner);

/* A clone, or what there is instead of one, that runs. NULL with one line in error. */
struct clone *cloner_clone(struct cloner *cloner, char *error);
unsigned clone_domain(const struct clone *clone);
/*
 * Its memory from physical address 0 on; holes read as zeros. Until clone_free(). NULL when
 * it cannot be mapped; the first call does that.
 */
uint8_t *clone_memory(struct clone *clone, size_t *size);
/* One of them, once more, until munmap(), whatever becomes of the clone. NULL: there is no such page. */
uint8_t *clone_map_page(struct clone *clone, size_t page);
/* False once it has ended by itself. */
bool clone_alive(struct clone *clone);
/* Ends it; its memory can still be read. */
void clone_kill(struct clone *clone);
void clone_free(struct clone *clone);

/**
 * Takes what the clone is now for what clone_restore() returns it to, and has Xen note which pages are written from
 * here on. kept: a bit a page, of pages that are never put back.
 * @return 0, -1.
 */
int clone_snapshot(struct clone *clone, const uint8_t *kept);
/* Stops it where it is, until clone_restore(). 0, -1. */
int clone_pause(struct clone *clone);
/**
 * Of one that is paused: puts everything back, pages that were written and the CPU's registers, and lets it go on. Also
 * after a crash or in an endless loop, and where it has ended. *pages: how many were written.
 * @return 0; -1 when Xen refuses.
 */
int clone_restore(struct clone *clone, size_t *pages);
