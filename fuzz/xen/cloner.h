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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cloner;
struct clone;

#define CLONER_ERROR 256	/* bytes that a message buffer should have */

struct cloner_options {
	const char *kernel, *command_line;
	unsigned memory_mib;
	bool verbose;		/* what Xen's tools say, to stderr */
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

/* A clone that runs. NULL with one line in error. */
struct clone *cloner_clone(struct cloner *cloner, char *error);
unsigned clone_domain(const struct clone *clone);
/*
 * Its memory from physical address 0 on; holes have no pages and must not be touched. Until clone_free(). NULL when
 * it cannot be mapped; the first call does that.
 */
uint8_t *clone_memory(struct clone *clone, size_t *size);
/*
 * One page of it, mapped once more, until clone_unmap_page(), which may come after clone_free() of it. NULL when there
 * is none.
 */
uint8_t *clone_map_page(struct clone *clone, size_t frame);
void clone_unmap_page(struct cloner *cloner, uint8_t *page);
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
