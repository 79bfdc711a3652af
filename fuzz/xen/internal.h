/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the cloner share.
 */
#pragma once

#include "cloner.h"

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>
#include <xencall.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

#define PAGE 4096u
#define PAGES_PER_MIB 256u

struct cloner {
	const struct cloner_hooks *hooks;	/* NULL: none */
	xc_interface *xc;
	xenforeignmemory_handle *foreign;
	xencall_handle *call;
	xentoollog_logger *log;
	int guardian;			/* write end of its pipe */
	pid_t guardian_pid;
	/* The parent. */
	char name[48];
	uint32_t domain;		/* 0: none */
	size_t low_count;		/* pages from 0 on, with holes */
	xen_pfn_t *pages;		/* all that are there: below low_count, then special ones */
	size_t page_count;
	uint8_t *memory;		/* these, one after the other */
	bool *blank;			/* zeros from end to end */
	uint8_t *context;		/* the CPU's state */
	uint32_t context_size;
};

struct clone {
	struct cloner *cloner;
	uint32_t domain;		/* 0: ended */
	uint32_t last_domain;
	xen_pfn_t *low;			/* for the mapping: 0, 1, ... */
	int *holes;			/* of each, 0: it is there */
	uint8_t *memory;		/* low_count pages */
	/* The snapshot. */
	uint8_t *pristine, *kept, *context;
	uint32_t context_size;
	xc_hypercall_buffer_t dirty_buffer;
	unsigned long *dirty;
};

/* One line in error; -1. */
int cloner_fail(char *error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* guardian.c: knows the domains that there are, and destroys them when we are gone. */
int guardian_start(struct cloner *cloner);
void guardian_tell(struct cloner *cloner, bool there, uint32_t domain);
void guardian_end(struct cloner *cloner);
/* Also where xl does not know it. */
void domain_destroy(xc_interface *xc, uint32_t domain);

/* parent.c. A line of a configuration: KEY="TEXT", as xl.cfg(5) has it. */
void config_put(FILE *file, const char *key, const char *text);
int parent_start(struct cloner *cloner, const struct cloner_options *options, char *error);
void parent_end(struct cloner *cloner);
/* Those of its pages that a clone gets a copy of; the others are blank in both. */
size_t parent_pages_to_copy(const struct cloner *cloner);

/* list.c: what a clone's handle says; and all clones that there are, whoever made them. */
struct clone_info {
	uint32_t domain, parent;
	const char *state;
	uint64_t cpu_ns;
	size_t pages;
};
void clone_mark(uint8_t handle[16], uint32_t parent);
size_t clones_list(xc_interface *xc, struct clone_info *out, size_t max);

/* reset.c */
void clone_forget_snapshot(struct clone *clone);

/* entropy.c: fresh one, into a CPU's state. 0, -1. */
int context_put_entropy(uint8_t *context, uint32_t size);

/* copy.c: of a page, as an emulated CPU does it fast. */
void copy_page(void *to, const void *from);
bool page_is_blank(const void *page);
