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
	xc_interface *xc;
	xenforeignmemory_handle *foreign;
	xencall_handle *call;
	xentoollog_logger *log;
	int guardian;			/* write end of its pipe */
	pid_t guardian_pid;		/* 0: a process that this one was forked from waits for it */
	struct cloner_options options;
	char *kernel, *command_line;	/* these, to be freed */
	char saved[32];			/* CLONER_RESTORE: the file */
	/* What xl has made last. */
	char name[48];
	uint8_t uuid[16];
	uint64_t xl_ns;			/* it took as long */
	/* The parent. */
	uint32_t domain;		/* 0: none */
	size_t low_count;		/* pages from 0 on, with holes */
	xen_pfn_t *pages;		/* all that are there: below low_count, then special ones */
	size_t page_count;
	uint8_t *memory;		/* these, one after the other */
	bool *blank;			/* zeros from end to end */
	xen_pfn_t *written;		/* those of pages that are not */
	size_t written_count;
	uint8_t *context;		/* the CPU's state */
	uint32_t context_size;
};

struct clone {
	struct cloner *cloner;
	bool by_xl;			/* made, and to be destroyed by it */
	uint32_t domain;		/* 0: ended */
	uint32_t last_domain;
	xen_pfn_t *low;			/* for the mapping: 0, 1, ... */
	int *holes;			/* of each, 0: it is there */
	uint8_t *copied;		/* the pages that are not blank in the parent, still mapped */
	uint8_t *memory;		/* low_count pages, once they are mapped */
	/* The snapshot. */
	uint8_t *pristine, *kept, *context;
	uint32_t context_size;
	xc_hypercall_buffer_t dirty_buffer;
	unsigned long *dirty;
	struct log_use {
		bool cleared;		/* by the last reset */
		size_t first_pages;	/* in the log at the first reset after that; 0: not known yet */
		size_t spare_copies;	/* made since, of pages beyond as many */
	} log_use;
};

/* On the monotonic clock. */
uint64_t cloner_now_ns(void);

/* One line in error; -1. */
int cloner_fail(char *error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* guardian.c: knows the domains that there are, and destroys them when we are gone. */
int guardian_start(struct cloner *cloner);
void guardian_tell(struct cloner *cloner, bool there, uint32_t domain);
void guardian_end(struct cloner *cloner);
/* Also where xl does not know it. */
void domain_destroy(xc_interface *xc, uint32_t domain);

/* toolstack.c: 0, or -1, with one line in error; those that make a domain: its number, or 0. */
uint32_t xl_create(struct cloner *cloner, char *error);
/* Of a domain that has suspended itself, which is gone then. */
int xl_save(struct cloner *cloner, uint32_t domain, const char *path, char *error);
uint32_t xl_restore(struct cloner *cloner, const char *path, char *error);
/* By number or name. */
void xl_destroy(const char *domain);

/* parent.c */
int parent_start(struct cloner *cloner, char *error);
/* Of pages that are known. */
int parent_map(struct cloner *cloner);
void parent_end(struct cloner *cloner);
/* 0, -1 with error. */
int domain_wait_for_suspension(struct cloner *cloner, uint32_t domain, char *error);

/* fresh.c: machines that are no clones: see enum cloner_way. */
int fresh_prepare(struct cloner *cloner, char *error);
int fresh_start(struct clone *clone, char *error);
void fresh_end(struct cloner *cloner);
/* A line of a configuration: KEY="TEXT", as xl.cfg(5) has it. */
void config_put(FILE *file, const char *key, const char *text);

/* list.c: what a clone's handle says; and all clones that there are, whoever made them. */
struct clone_info {
	uint32_t domain, parent;
	const char *state;
	uint64_t cpu_ns;
	size_t pages;
};
void clone_mark(uint8_t handle[16], uint32_t parent);
size_t clones_list(xc_interface *xc, struct clone_info *out, size_t max);

/* clone.c: maps the low pages, unless they are. */
int clone_map(struct clone *clone);

/* reset.c */
void clone_forget_snapshot(struct clone *clone);

/* entropy.c: fresh one, into a CPU's state. 0, -1. */
int context_put_entropy(uint8_t *context, uint32_t size);

/* copy.c: of a page, as an emulated CPU does it fast. */
void copy_page(void *to, const void *from);
bool page_is_blank(const void *page);
