/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces: the program's mappings as regions, filled page by page on first touch. Also the kernel's side of
 * brk, mmap, munmap, mprotect, mremap, madvise. Results in every world are the same addresses for the same calls.
 */
#pragma once

#include <arch/arch.h>
#include <kernel/list.h>
#include <kernel/mutex.h>
#include <kernel/user.h>

#define ASPACE_ACCESS_READ 1u
#define ASPACE_ACCESS_WRITE 2u
#define ASPACE_ACCESS_EXEC 4u

/*
 * The program's stack is put at the top of its range; mappings without a hint go below ASPACE_MMAP_TOP, downwards;
 * position-independent programs to ASPACE_PIE_BASE, Linux's choice without randomization.
 */
#define ASPACE_STACK_SIZE (8 * MIB)
#define ASPACE_STACK_TOP (USER_END - PAGE_SIZE)
#define ASPACE_MMAP_TOP UINT64_C(0x00007ffff7fff000)
#define ASPACE_PIE_BASE UINT64_C(0x0000555555554000)
#define ASPACE_REGIONS_MAX 65530	/* vm.max_map_count */

struct file;
struct inode;
struct io;

#define REGION_RANDOM 0x01u
#define REGION_SEQUENTIAL 0x02u
#define REGION_DONTFORK 0x04u
#define REGION_DONTDUMP 0x08u
#define REGION_WIPEONFORK 0x10u
#define REGION_MERGEABLE 0x20u
#define REGION_HUGEPAGE 0x40u
#define REGION_NOHUGEPAGE 0x80u

/* [start, end) with one protection and one source; page aligned, never overlapping, sorted by start. */
struct region {
	struct list node;
	uint64_t start, end;
	unsigned prot;		/* PROT_READ, PROT_WRITE, PROT_EXEC */
	unsigned flags;		/* MAP_SHARED or MAP_PRIVATE, MAP_ANONYMOUS, MAP_GROWSDOWN, MAP_NORESERVE */
	unsigned advice;	/* REGION_*: what madvise said; no effect but that unlike regions are not joined */
	bool locked;		/* by mlock and the like */
	bool read_only;		/* shared, and may never be written to: its file was sealed before */
	struct file *file;	/* referenced; NULL for anonymous memory */
	off_t offset;		/* of start: in the file, or in the shared anonymous object */
};

/*
 * Where the loader put what a program starts with; constant once it runs. All 0 when nothing was loaded.
 */
struct aspace_layout {
	uint64_t stack_start;
	uint64_t arg_start, arg_end;	/* the arguments' strings; the environment's follow */
	uint64_t env_start, env_end;
	uint64_t auxv_start, auxv_end;
	uint64_t vdso;			/* where that starts, a page behind its mapping; 0: there is none */
};

/* Where the loader is to put what a program starts with: see aspace_place(). */
struct aspace_places {
	uint64_t stack_top, stack_gap;	/* its stack ends there; what it finds on it begins so many bytes below */
	uint64_t vdso;			/* a hint, 0: where there is room */
	uint64_t pie_base;
	uint64_t brk_gap;		/* from the program's end to its heap */
};

struct aspace {
	struct arch_pagetable tables;
	uint64_t cpus;			/* on which CPUs they are active, if needed or not; a bit each (option SMP) */
	struct mutex lock;		/* all below, and the tables */
	struct list regions;
	struct region *recent;		/* where the last look-up ended, or NULL */
	size_t region_count;
	uint64_t brk_start, brk;	/* the program's heap; set by the loader with aspace_set_brk() */
	uint64_t mmap_top;
	struct aspace_places places;
	size_t pages;			/* frames mapped */
	size_t pages_total;		/* pages in all regions: what RLIMIT_AS limits */
	size_t pages_locked;		/* pages in locked regions: what RLIMIT_MEMLOCK limits */
	bool lock_future;		/* mlockall(MCL_FUTURE) */
	struct aspace_layout layout;
	unsigned refs;
};

/*
 * place.c: mmap_top and places of a space in which nothing is mapped yet, drawn (option LAYOUT_PROGRAM): as many bits
 * as Linux has. aspace_create() gives them their fixed values.
 */
void aspace_place(struct aspace *as);
/* How many values each of them may get. */
struct aspace_place_counts {
	uint64_t stack, mmap, vdso, pie, brk;
};
void aspace_place_count(struct aspace_place_counts *counts);
/* -ENOMEM. One reference. */
int aspace_create(struct aspace **out);
/**
 * A copy for a child process: private memory is shared until one of the two writes, shared memory stays shared. What
 * madvise excluded is left out. from is the running thread's. Sleeps. -ENOMEM.
 */
int aspace_fork(struct aspace *from, struct aspace **out) MUST_CHECK;
struct aspace *aspace_get(struct aspace *as);
bool aspace_is_shared(const struct aspace *as);
void aspace_put(struct aspace *as);
/* Makes it the running thread's (and CPU's); as == NULL: the kernel's tables, until the next. Takes no reference. */
void aspace_activate(struct aspace *as);
/* The scheduler's: the running CPU goes to a thread that has this one, or none. Interrupts off. */
void aspace_switch(struct aspace *to);
/* The tables that are active on the running CPU: those of the last space that a thread on it had. */
struct arch_pagetable *aspace_tables(void);
/* The running thread's, NULL for kernel threads. */
struct aspace *aspace_current(void);

/*
 * The mmap family with Linux's semantics and errnos; prot, flags: the program's words. Sleep. Result: address or
 * -errno.
 */
long aspace_mmap(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot, unsigned flags, struct file *file,
		 off_t offset);
long aspace_munmap(struct aspace *as, uint64_t addr, uint64_t len);
long aspace_mprotect(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot);
long aspace_mremap(struct aspace *as, uint64_t addr, uint64_t old_len, uint64_t new_len, unsigned flags,
		   uint64_t new_addr);
/* What a shared mapping shows of its file there, from page index on: remap_file_pages(2). */
long aspace_remap_pages(struct aspace *as, uint64_t addr, uint64_t len, uint64_t index, unsigned flags);
long aspace_madvise(struct aspace *as, uint64_t addr, uint64_t len, int advice);
/* One byte a page in vec: 1 when the page is there. -ENOMEM for a hole. as is the running thread's. */
long aspace_mincore(struct aspace *as, uint64_t addr, uint64_t len, user_ptr_t vec);
long aspace_msync(struct aspace *as, uint64_t addr, uint64_t len, int flags);
/* mlock and munlock; on_fault: what is not there yet is locked when it comes. */
long aspace_lock(struct aspace *as, uint64_t addr, uint64_t len, bool locked, bool on_fault);
/* mlockall(flags of MCL_*); 0: munlockall. */
long aspace_lock_all(struct aspace *as, int flags);
/* The new break, or the old one when it cannot be. */
uint64_t aspace_brk(struct aspace *as, uint64_t brk);
/* An empty heap that starts there (rounded up to a page). */
void aspace_set_brk(struct aspace *as, uint64_t start);

/**
 * Copies into or out of any address space, active or not, whatever the protection of its regions: for the loader.
 * Pages are made as needed; sleeps. 0, -EFAULT (a hole), -ENOMEM.
 */
int aspace_write(struct aspace *as, uint64_t addr, const void *data, size_t len) MUST_CHECK;
int aspace_read(struct aspace *as, uint64_t addr, void *data, size_t len) MUST_CHECK;

/**
 * Moves bytes between the running thread's memory and that of another space, with the rights that programs have there,
 * until one of the cursors is at its end: from other to own, or where write is set from own to other. Sleeps. The other
 * space may be the same; the caller has a reference to it.
 * @return bytes, fewer after a fault; -EFAULT when it came before the first, -ENOMEM.
 */
ssize_t aspace_move(struct aspace *as, struct io *other, struct io *own, bool write);

/**
 * Copies the first region that ends after address, with a reference to its file if it has one: the caller's. Links to
 * other regions mean nothing in the copy. False when there is none.
 */
bool aspace_region_after(struct aspace *as, uint64_t address, struct region *copy);

/**
 * The running thread's mappings of a file lose what they show of its bytes [start, end): told by the file, after it
 * has given the pages up. Copies that private mappings have made go too when the file became shorter (truncated).
 */
void aspace_forget_file(const struct inode *inode, uint64_t start, uint64_t end, bool truncated);

/**
 * What a word of shared memory is called in every address space that maps it: the file (as an address that means
 * nothing else) and the offset in it. False: the memory is the space's own.
 */
bool aspace_shared_name(struct aspace *as, uint64_t addr, uintptr_t *file, uint64_t *offset);

/**
 * A page of the program was touched that is absent or protected. Makes it if its region allows the access.
 * Called by traps (with interrupts enabled) and by arch_user_*; may sleep.
 * @return 0: try again; -EFAULT: nothing is mapped there; -EACCES: not with that right; -ENXIO: the file has no such
 * page (it ends before, or its file system is full); -ENOMEM.
 */
int aspace_handle_fault(uint64_t address, unsigned access);
