/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mremap, madvise, mincore, msync and memory locks on an address space; mappings of files.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mman.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include "../aspace_internal.h"
#include "mm_test.h"

#define BASE UINT64_C(0x10000000)
#define ELSEWHERE UINT64_C(0x20000000)
#define RW (PROT_READ | PROT_WRITE)
#define FIXED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED)

static struct aspace *as, *former;
static size_t free_before;

/* A space with 'pages' pages at BASE whose first bytes are 1, 2, 3, ... */
static bool start(unsigned flags, unsigned pages)
{
	heap_drain();
	free_before = page_free_count();
	former = aspace_current();
	if (aspace_create(&as))
		return false;
	aspace_activate(as);
	if (aspace_mmap(as, BASE, pages * PAGE_SIZE, RW, flags, NULL, 0) != (long)BASE)
		return false;
	for (unsigned i = 0; i < pages; i++) {
		uint8_t value = (uint8_t)(i + 1);

		if (user_copy_out(BASE + i * PAGE_SIZE, &value, 1))
			return false;
	}
	return true;
}

static bool finish(void)
{
	aspace_activate(former);
	aspace_put(as);
	heap_drain();
	return page_free_count() == free_before;
}

static int peek(uint64_t address)
{
	uint8_t value;

	return user_copy_in(&value, address, 1) ? -EFAULT : value;
}

TEST(mremap_in_place)
{
	CHECK(start(FIXED, 4));
	CHECK_EQ(aspace_mremap(as, BASE, 4 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), BASE);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), -EFAULT);
	CHECK_EQ(aspace_mremap(as, BASE, 2 * PAGE_SIZE, 6 * PAGE_SIZE, 0, 0), BASE);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 2);
	CHECK_EQ(peek(BASE + 3 * PAGE_SIZE), 0);
	CHECK_EQ(aspace_mmap(as, BASE + 6 * PAGE_SIZE, PAGE_SIZE, PROT_READ, FIXED, NULL, 0), BASE + 6 * PAGE_SIZE);
	CHECK_EQ(aspace_mremap(as, BASE, 6 * PAGE_SIZE, 7 * PAGE_SIZE, 0, 0), -ENOMEM);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), -ENOMEM);
	CHECK(finish());
}

TEST(mremap_moves)
{
	long at;

	CHECK(start(FIXED, 4));
	at = aspace_mremap(as, BASE + PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	CHECK_EQ(at, ASPACE_MMAP_TOP - 3 * PAGE_SIZE);
	CHECK_EQ(peek((uint64_t)at), 2);
	CHECK_EQ(peek((uint64_t)at + PAGE_SIZE), 3);
	CHECK_EQ(peek((uint64_t)at + 2 * PAGE_SIZE), 0);
	CHECK_EQ(peek(BASE), 1);
	CHECK_EQ(peek(BASE + PAGE_SIZE), -EFAULT);
	CHECK_EQ(peek(BASE + 3 * PAGE_SIZE), 4);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE), ELSEWHERE);
	CHECK_EQ(peek(ELSEWHERE), 1);
	CHECK_EQ(peek(BASE), -EFAULT);
	CHECK_EQ(aspace_mremap(as, ELSEWHERE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
		 (long)(at - PAGE_SIZE));
	CHECK_EQ(peek((uint64_t)at - PAGE_SIZE), 1);
	CHECK_EQ(peek(ELSEWHERE), 0);
	CHECK(finish());
}

TEST(mremap_of_length_zero_shares)
{
	uint8_t value = 99;

	CHECK(start(SHARED, 2));
	CHECK_EQ(aspace_mremap(as, BASE, 0, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE), ELSEWHERE);
	CHECK_EQ(peek(ELSEWHERE + PAGE_SIZE), 2);
	CHECK_EQ(user_copy_out(ELSEWHERE, &value, 1), 0);
	CHECK_EQ(peek(BASE), 99);
	CHECK_EQ(aspace_mremap(as, ELSEWHERE, 0, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE), -EFAULT);
	/* Longer than the object: there is nothing to touch. */
	CHECK_EQ(aspace_mremap(as, BASE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, 0, 0), BASE);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 2);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), -EFAULT);
	CHECK(finish());
}

TEST(shared_mappings_of_one_object_agree)
{
	uint8_t value = 77;

	CHECK(start(SHARED, 6));
	CHECK_EQ(aspace_mremap(as, BASE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
		 ELSEWHERE);
	CHECK_EQ(user_copy_out(ELSEWHERE + 2 * PAGE_SIZE, &value, 1), 0);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), 77);
	CHECK_EQ(aspace_madvise(as, BASE + 2 * PAGE_SIZE, PAGE_SIZE, MADV_REMOVE), 0);
	CHECK_EQ(peek(ELSEWHERE + 2 * PAGE_SIZE), 0);
	CHECK(finish());
}

TEST(mremap_errors)
{
	CHECK(start(FIXED, 4));
	CHECK_EQ(aspace_mremap(as, BASE + 1, PAGE_SIZE, PAGE_SIZE, 0, 0), -EINVAL);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, 0, 0, 0), -EINVAL);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, PAGE_SIZE, 8, 0), -EINVAL);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_FIXED, ELSEWHERE), -EINVAL);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_DONTUNMAP, 0), -EINVAL);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0), -EINVAL);
	CHECK_EQ(aspace_mremap(as, ELSEWHERE, PAGE_SIZE, PAGE_SIZE, 0, 0), -EFAULT);
	CHECK_EQ(aspace_mremap(as, BASE, 5 * PAGE_SIZE, 6 * PAGE_SIZE, MREMAP_MAYMOVE, 0), -EFAULT);
	CHECK_EQ(aspace_mremap(as, BASE, 0, PAGE_SIZE, MREMAP_MAYMOVE, 0), -EINVAL);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, USER_END, MREMAP_MAYMOVE, 0), -ENOMEM);
	CHECK_EQ(aspace_mremap(as, BASE, PAGE_SIZE, USER_END + 1, MREMAP_MAYMOVE, 0), -EINVAL);
	for (unsigned i = 0; i < 3; i++) {
		static const uint64_t to[] = { ELSEWHERE + 1, BASE + PAGE_SIZE, USER_END };

		CHECK_EQ(aspace_mremap(as, BASE, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to[i]),
			 -EINVAL);
	}
	CHECK_EQ(peek(BASE + PAGE_SIZE), 2);
	CHECK(finish());
}

TEST(madvise_dontneed_zeroes)
{
	CHECK(start(FIXED, 3));
	CHECK_EQ(aspace_madvise(as, BASE + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 0);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), 3);
	CHECK(finish());
}

TEST(madvise_keeps_and_removes_shared_pages)
{
	CHECK(start(SHARED, 2));
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(peek(BASE), 1);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_REMOVE), 0);
	CHECK_EQ(peek(BASE), 0);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 2);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_FREE), -EINVAL);
	CHECK(finish());
}

TEST(madvise_parts_regions)
{
	CHECK(start(FIXED, 4));
	CHECK_EQ(aspace_madvise(as, BASE + PAGE_SIZE, PAGE_SIZE, MADV_DONTDUMP), 0);
	CHECK_EQ(as->region_count, 3);
	/* One region at a time can be moved. */
	CHECK_EQ(aspace_mremap(as, BASE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE, 0), -EFAULT);
	CHECK_EQ(aspace_madvise(as, BASE, 4 * PAGE_SIZE, MADV_DODUMP), 0);
	CHECK_EQ(as->region_count, 1);
	CHECK_EQ(aspace_madvise(as, BASE, 2 * PAGE_SIZE, MADV_RANDOM), 0);
	CHECK_EQ(aspace_madvise(as, BASE, 4 * PAGE_SIZE, MADV_SEQUENTIAL), 0);
	CHECK_EQ(as->region_count, 1);
	CHECK(finish());
}

TEST(madvise_errors)
{
	CHECK(start(FIXED, 2));
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, 5), -EINVAL);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, -1), -EINVAL);
	CHECK_EQ(aspace_madvise(as, BASE + 1, PAGE_SIZE, MADV_NORMAL), -EINVAL);
	CHECK_EQ(aspace_madvise(as, BASE, UINT64_MAX, MADV_NORMAL), -EINVAL);
	CHECK_EQ(aspace_madvise(as, BASE, 0, MADV_NORMAL), 0);
	CHECK_EQ(aspace_madvise(as, BASE, 2 * PAGE_SIZE, MADV_WILLNEED), 0);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_REMOVE), -EINVAL);
	/* A hole is stepped over and told of. */
	CHECK_EQ(aspace_madvise(as, BASE - PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(peek(BASE), 0);
	CHECK_EQ(aspace_madvise(as, ELSEWHERE, PAGE_SIZE, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(aspace_mprotect(as, BASE, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_POPULATE_WRITE), -EINVAL);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_POPULATE_READ), 0);
	CHECK_EQ(aspace_mprotect(as, BASE, PAGE_SIZE, PROT_EXEC), 0);
	CHECK_EQ(aspace_madvise(as, BASE, PAGE_SIZE, MADV_POPULATE_READ), -EINVAL);
	CHECK_EQ(aspace_madvise(as, ELSEWHERE, PAGE_SIZE, MADV_POPULATE_READ), -ENOMEM);
	CHECK(finish());
}

TEST(mincore_tells_presence)
{
	uint8_t vec[3];

	CHECK(start(FIXED, 2));
	CHECK_EQ(aspace_mmap(as, ELSEWHERE, 3 * PAGE_SIZE, RW, FIXED, NULL, 0), ELSEWHERE);
	CHECK_EQ(peek(ELSEWHERE + PAGE_SIZE), 0);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE, 3 * PAGE_SIZE, BASE), 0);
	CHECK_EQ(user_copy_in(vec, BASE, 3), 0);
	CHECK(vec[0] == 0 && vec[1] == 1 && vec[2] == 0);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE, 4 * PAGE_SIZE, BASE), -ENOMEM);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE + 1, PAGE_SIZE, BASE), -EINVAL);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE, PAGE_SIZE, BASE - 1), -EFAULT);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE, PAGE_SIZE, UINT64_MAX), -EFAULT);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE, UINT64_MAX - PAGE_SIZE, BASE), -ENOMEM);
	CHECK_EQ(aspace_mincore(as, ELSEWHERE, 0, BASE), 0);
	CHECK(finish());
}

TEST(msync_checks_its_range)
{
	CHECK(start(SHARED, 2));
	CHECK_EQ(aspace_msync(as, BASE, 2 * PAGE_SIZE, MS_SYNC), 0);
	CHECK_EQ(aspace_msync(as, BASE, PAGE_SIZE, MS_ASYNC | MS_INVALIDATE), 0);
	CHECK_EQ(aspace_msync(as, BASE, PAGE_SIZE, MS_ASYNC | MS_SYNC), -EINVAL);
	CHECK_EQ(aspace_msync(as, BASE, PAGE_SIZE, 8), -EINVAL);
	CHECK_EQ(aspace_msync(as, BASE + 1, PAGE_SIZE, MS_SYNC), -EINVAL);
	CHECK_EQ(aspace_msync(as, BASE, 3 * PAGE_SIZE, MS_SYNC), -ENOMEM);
	CHECK_EQ(aspace_msync(as, BASE, UINT64_MAX - PAGE_SIZE, MS_SYNC), -ENOMEM);
	CHECK_EQ(aspace_lock(as, BASE, PAGE_SIZE, true, false), 0);
	CHECK_EQ(aspace_msync(as, BASE, PAGE_SIZE, MS_INVALIDATE), -EBUSY);
	CHECK(finish());
}

TEST(locks_make_and_count_pages)
{
	CHECK(start(FIXED, 1));
	CHECK_EQ(aspace_mmap(as, ELSEWHERE, 4 * PAGE_SIZE, RW, FIXED, NULL, 0), ELSEWHERE);
	CHECK_EQ(aspace_lock(as, ELSEWHERE + 10, PAGE_SIZE, true, false), 0);
	CHECK_EQ(as->pages_locked, 2);
	CHECK_EQ(as->pages, 3);
	CHECK_EQ(aspace_madvise(as, ELSEWHERE, PAGE_SIZE, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(aspace_lock(as, ELSEWHERE + 3 * PAGE_SIZE, PAGE_SIZE, true, true), 0);
	CHECK_EQ(as->pages, 3);
	CHECK_EQ(aspace_lock(as, ELSEWHERE, 4 * PAGE_SIZE, false, false), 0);
	CHECK_EQ(as->pages_locked, 0);
	CHECK_EQ(as->region_count, 2);
	CHECK_EQ(aspace_lock(as, ELSEWHERE, 5 * PAGE_SIZE, true, false), -ENOMEM);
	CHECK_EQ(aspace_lock_all(as, 0), 0);
	CHECK_EQ(aspace_lock_all(as, MCL_ONFAULT), -EINVAL);
	CHECK_EQ(aspace_lock_all(as, 8), -EINVAL);
	CHECK_EQ(aspace_lock_all(as, MCL_CURRENT | MCL_FUTURE), 0);
	CHECK_EQ(as->pages_locked, 5);
	CHECK_EQ(aspace_mmap(as, BASE + PAGE_SIZE, PAGE_SIZE, RW, FIXED, NULL, 0), BASE + PAGE_SIZE);
	CHECK_EQ(as->pages_locked, 6);
	CHECK_EQ(as->pages, 6);
	CHECK_EQ(aspace_munmap(as, BASE, PAGE_SIZE), 0);
	CHECK_EQ(as->pages_locked, 5);
	CHECK(finish());
}

/* ---- files ---- */

static struct page *content[2];
static bool asked_under_lock;

static int content_page(struct file *file UNUSED, uint64_t index, bool create UNUSED, struct page **page)
{
	/* A file's locks may be held by one who waits for this one. */
	asked_under_lock = asked_under_lock || mutex_is_mine(&as->lock);
	if (index >= array_size(content))
		return -EFAULT;
	*page = page_get(content[index]);
	return 0;
}

static const struct file_ops mappable = { .map_page = content_page };
static const struct file_ops unmappable;

TEST(file_mappings_share_or_copy)
{
	struct file file = { .ops = &mappable, .refs = 1, .flags = O_RDWR };
	uint8_t value = 50;

	CHECK(start(FIXED, 1));
	for (unsigned i = 0; i < 2; i++) {
		content[i] = page_alloc_zeroed(0);
		CHECK(content[i]);
		*(uint8_t *)page_virt(content[i]) = (uint8_t)(10 + i);
	}
	CHECK_EQ(aspace_mmap(as, BASE, 3 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &file, 0), BASE);
	CHECK_EQ(aspace_mmap(as, ELSEWHERE, PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, &file, PAGE_SIZE), ELSEWHERE);
	CHECK_EQ(file.refs, 3);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 11);
	CHECK_EQ(peek(ELSEWHERE), 11);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), -EFAULT);
	CHECK_EQ(user_copy_out(ELSEWHERE, &value, 1), 0);
	CHECK_EQ(peek(ELSEWHERE), 50);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 11);
	CHECK_EQ(user_copy_out(BASE, &value, 1), 0);
	CHECK_EQ(*(uint8_t *)page_virt(content[0]), 50);
	CHECK(!asked_under_lock);
	CHECK_EQ(aspace_munmap(as, BASE, 3 * PAGE_SIZE), 0);
	CHECK_EQ(aspace_munmap(as, ELSEWHERE, PAGE_SIZE), 0);
	CHECK_EQ(file.refs, 1);
	page_put(content[0]);
	page_put(content[1]);
	CHECK(finish());
}

TEST(file_mappings_check_the_mode)
{
	struct file file = { .ops = &mappable, .refs = 1, .flags = O_RDONLY };

	CHECK(start(FIXED, 1));
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, MAP_SHARED, &file, 0), -EACCES);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, 0, &file, 0), -EINVAL);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, &file, 0), -EOPNOTSUPP);
	CHECK_EQ(aspace_mmap(as, ELSEWHERE, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, &file, 0), ELSEWHERE);
	CHECK_EQ(aspace_mprotect(as, ELSEWHERE, PAGE_SIZE, RW), -EACCES);
	CHECK_EQ(aspace_madvise(as, ELSEWHERE, PAGE_SIZE, MADV_REMOVE), -EACCES);
	CHECK_EQ(aspace_munmap(as, ELSEWHERE, PAGE_SIZE), 0);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, &file, INT64_MAX & (off_t)PAGE_MASK), -EOVERFLOW);
	file.flags = O_WRONLY;
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, &file, 0), -EACCES);
	file.flags = O_RDWR;
	file.ops = &unmappable;
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, &file, 0), -ENODEV);
	CHECK(finish());
}
