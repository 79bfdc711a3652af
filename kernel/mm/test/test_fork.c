/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies of address spaces: what two of them share, and when they stop.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include "../aspace_internal.h"
#include "mm_test.h"

#define BASE UINT64_C(0x10000000)
#define PAGES 8u
#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED)

static struct aspace *parent, *child, *former;
static size_t free_before;

/* A parent with PAGES pages that say 1, 2, 3 and so on, and its copy. */
static bool start(unsigned flags, int advice)
{
	heap_drain();
	free_before = page_free_count();
	former = aspace_current();
	if (aspace_create(&parent))
		return false;
	aspace_activate(parent);
	if (aspace_mmap(parent, BASE, PAGES * PAGE_SIZE, RW, flags, NULL, 0) != (long)BASE)
		return false;
	for (uint8_t i = 0; i < PAGES; i++)
		if (user_copy_out(BASE + i * PAGE_SIZE, &(uint8_t){ (uint8_t)(i + 1) }, 1))
			return false;
	if (advice && aspace_madvise(parent, BASE, PAGES * PAGE_SIZE, advice))
		return false;
	return !aspace_fork(parent, &child);
}

static bool finish(void)
{
	aspace_activate(former);
	aspace_put(child);
	aspace_put(parent);
	heap_drain();
	return page_free_count() == free_before;
}

static int peek(struct aspace *as, unsigned page)
{
	uint8_t value;

	aspace_activate(as);
	return user_copy_in(&value, BASE + page * PAGE_SIZE, 1) ? -EFAULT : value;
}

static int poke(struct aspace *as, unsigned page, uint8_t value)
{
	aspace_activate(as);
	return user_copy_out(BASE + page * PAGE_SIZE, &value, 1);
}

TEST(fork_shares_private_pages_until_one_writes)
{
	size_t before;

	CHECK(start(PRIVATE, 0));
	CHECK_EQ(child->pages, PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		CHECK_EQ(peek(child, i), (int)i + 1);
	before = page_free_count();
	CHECK_EQ(poke(child, 0, 100), 0);
	CHECK_EQ(poke(parent, 1, 101), 0);
	CHECK_EQ(page_free_count(), before - 2);
	CHECK_EQ(peek(parent, 0), 1);
	CHECK_EQ(peek(child, 0), 100);
	CHECK_EQ(peek(parent, 1), 101);
	CHECK_EQ(peek(child, 1), 2);
	/* The other user of each is its only one now, and needs no copy. */
	CHECK_EQ(poke(parent, 0, 102), 0);
	CHECK_EQ(poke(child, 1, 103), 0);
	CHECK_EQ(page_free_count(), before - 2);
	CHECK_EQ(peek(child, 0), 100);
	CHECK_EQ(peek(parent, 1), 101);
	CHECK(finish());
}

TEST(fork_keeps_shared_pages_shared)
{
	CHECK(start(SHARED, 0));
	CHECK_EQ(poke(child, 0, 100), 0);
	CHECK_EQ(peek(parent, 0), 100);
	CHECK_EQ(poke(parent, 1, 101), 0);
	CHECK_EQ(peek(child, 1), 101);
	CHECK(finish());
}

TEST(fork_leaves_out_what_madvise_says)
{
	CHECK(start(PRIVATE, MADV_DONTFORK));
	CHECK_EQ(peek(child, 0), -EFAULT);
	CHECK_EQ(peek(parent, 0), 1);
	CHECK(finish());
	CHECK(start(PRIVATE, MADV_WIPEONFORK));
	CHECK_EQ(peek(child, 0), 0);
	CHECK_EQ(peek(parent, 0), 1);
	CHECK(finish());
}

TEST(fork_copies_outlive_each_other)
{
	CHECK(start(PRIVATE, 0));
	aspace_activate(former);
	aspace_put(aspace_get(parent));
	aspace_put(parent);
	CHECK_EQ(peek(child, 3), 4);
	CHECK_EQ(poke(child, 3, 9), 0);
	CHECK_EQ(peek(child, 3), 9);
	parent = child;
	aspace_get(parent);
	CHECK(finish());
}
