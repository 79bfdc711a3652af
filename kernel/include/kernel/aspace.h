/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces: the program's mappings as regions, filled page by page on first touch. Also the kernel's side of
 * brk, mmap, munmap, mprotect, mremap, madvise. Results in every world are the same addresses for the same calls.
 */
#pragma once

#include <arch/arch.h>
#include <kernel/list.h>
#include <kernel/mutex.h>

#define ASPACE_ACCESS_READ 1u
#define ASPACE_ACCESS_WRITE 2u
#define ASPACE_ACCESS_EXEC 4u

struct file;

/* [start, end) with one protection and one source; page aligned, never overlapping, sorted by start. */
struct region {
	struct list node;
	uint64_t start, end;
	unsigned prot;		/* PROT_* */
	unsigned flags;		/* MAP_* as given, with MAP_ANONYMOUS or a file */
	struct file *file;	/* referenced; NULL for anonymous memory */
	off_t offset;		/* in the file, of start */
};

struct aspace {
	struct arch_pagetable tables;
	struct mutex lock;
	struct list regions;
	uint64_t brk_start, brk;	/* the program's heap */
	uint64_t brk_limit;
	uint64_t mmap_top;		/* mappings without a hint are put below, downwards */
	size_t pages;			/* frames mapped */
	size_t pages_limit;		/* RLIMIT_AS in pages */
	unsigned refs;
};

/* -ENOMEM. One reference. */
int aspace_create(struct aspace **out);
struct aspace *aspace_get(struct aspace *as);
void aspace_put(struct aspace *as);
/* Makes it the running thread's (and CPU's); as == NULL: kernel tables only. */
void aspace_activate(struct aspace *as);
/* The running thread's, NULL for kernel threads. */
struct aspace *aspace_current(void);

/* The mmap family with Linux's semantics and errnos; prot, flags: the program's words. Sleep. Result: address or -errno. */
long aspace_mmap(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot, unsigned flags, struct file *file,
		 off_t offset);
long aspace_munmap(struct aspace *as, uint64_t addr, uint64_t len);
long aspace_mprotect(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot);
long aspace_mremap(struct aspace *as, uint64_t addr, uint64_t old_len, uint64_t new_len, unsigned flags, uint64_t new_addr);
long aspace_madvise(struct aspace *as, uint64_t addr, uint64_t len, int advice);
/* One byte a page in vec: 1 when the page is there. -ENOMEM for a hole. */
long aspace_mincore(struct aspace *as, uint64_t addr, uint64_t len, user_ptr_t vec);
long aspace_msync(struct aspace *as, uint64_t addr, uint64_t len, int flags);
/* The new break, or the old one when it cannot be. */
uint64_t aspace_brk(struct aspace *as, uint64_t brk);

/**
 * A page of the program was touched that is absent or protected. Makes it if its region allows the access.
 * Called by traps (with interrupts enabled) and by arch_user_*; may sleep.
 * @return 0: try again; -EFAULT: no such region or right; -ENOMEM.
 */
int aspace_handle_fault(uint64_t address, unsigned access);
