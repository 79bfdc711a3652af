/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces: what is where, with which rights and contents. The random test compares with a plain map of pages.
 */
#include <kernel/abi/mman.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/user.h>
#include "../aspace_internal.h"
#include "mm_test.h"

#define BASE UINT64_C(0x10000000)
#define RW (PROT_READ | PROT_WRITE)
#define FIXED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static struct aspace *as, *former;
static size_t free_before;

static bool start(void)
{
	heap_drain();
	free_before = page_free_count();
	former = aspace_current();
	if (aspace_create(&as))
		return false;
	aspace_activate(as);
	return true;
}

/* True when nothing is left behind. */
static bool finish(void)
{
	aspace_activate(former);
	aspace_put(as);
	heap_drain();
	return page_free_count() == free_before;
}

static int poke(uint64_t address, uint8_t value)
{
	return user_copy_out(address, &value, 1);
}

static int peek(uint64_t address)
{
	uint8_t value;

	return user_copy_in(&value, address, 1) ? -EFAULT : value;
}

TEST(aspace_pages_come_on_touch)
{
	long at;

	CHECK(start());
	at = aspace_mmap(as, 0, 16 * PAGE_SIZE, RW, ANON, NULL, 0);
	CHECK(at > 0 && is_aligned(at, PAGE_SIZE));
	CHECK_EQ((uint64_t)at + 16 * PAGE_SIZE, ASPACE_MMAP_TOP);
	CHECK_EQ(as->pages, 0);
	CHECK_EQ(peek((uint64_t)at + 5), 0);
	CHECK_EQ(poke((uint64_t)at + 5 * PAGE_SIZE, 7), 0);
	CHECK_EQ(peek((uint64_t)at + 5 * PAGE_SIZE), 7);
	CHECK_EQ(as->pages, 2);
	CHECK_EQ(peek((uint64_t)at + 16 * PAGE_SIZE), -EFAULT);
	CHECK_EQ(peek((uint64_t)at - 1), -EFAULT);
	CHECK_EQ(aspace_munmap(as, (uint64_t)at, 16 * PAGE_SIZE), 0);
	CHECK_EQ(as->pages, 0);
	CHECK_EQ(peek((uint64_t)at), -EFAULT);
	CHECK(finish());
}

TEST(aspace_mmap_errors)
{
	uint64_t huge = USER_END;

	CHECK(start());
	CHECK_EQ(aspace_mmap(as, 0, 0, RW, ANON, NULL, 0), -EINVAL);
	CHECK_EQ(aspace_mmap(as, 0, UINT64_MAX, RW, ANON, NULL, 0), -ENOMEM);
	CHECK_EQ(aspace_mmap(as, 0, huge, RW, ANON, NULL, 0), -ENOMEM);
	CHECK_EQ(aspace_mmap(as, BASE, UINT64_C(1) << 63, RW, FIXED, NULL, 0), -ENOMEM);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, MAP_ANONYMOUS, NULL, 0), -EINVAL);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, NULL, 0), -EINVAL);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN, NULL, 0), -EINVAL);
	CHECK_EQ(aspace_mmap(as, BASE + 1, PAGE_SIZE, RW, FIXED, NULL, 0), -EINVAL);
	CHECK_EQ(aspace_mmap(as, PAGE_SIZE, PAGE_SIZE, RW, FIXED, NULL, 0), -EPERM);
	CHECK_EQ(aspace_mmap(as, USER_END, PAGE_SIZE, RW, FIXED, NULL, 0), -ENOMEM);
	CHECK_EQ(aspace_mmap(as, BASE, PAGE_SIZE, RW, FIXED, NULL, 0), BASE);
	CHECK_EQ(aspace_mmap(as, BASE, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE, NULL, 0), -EEXIST);
	CHECK_EQ(aspace_mmap(as, BASE + PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE, NULL, 0),
		 BASE + PAGE_SIZE);
	CHECK(finish());
}

TEST(aspace_mmap_takes_hints)
{
	long at;

	CHECK(start());
	CHECK_EQ(aspace_mmap(as, BASE + 5, PAGE_SIZE, RW, ANON, NULL, 0), BASE);
	at = aspace_mmap(as, BASE, PAGE_SIZE, RW, ANON, NULL, 0);
	CHECK_EQ((uint64_t)at, ASPACE_MMAP_TOP - PAGE_SIZE);
	CHECK_EQ(aspace_mmap(as, 1, PAGE_SIZE, RW, ANON, NULL, 0), ASPACE_MMAP_TOP - 2 * PAGE_SIZE);
	CHECK_EQ(aspace_mmap(as, PAGE_SIZE, PAGE_SIZE, RW, ANON, NULL, 0), USER_START);
	CHECK_EQ(aspace_mmap(as, USER_END - PAGE_SIZE, 2 * PAGE_SIZE, RW, ANON, NULL, 0),
		 ASPACE_MMAP_TOP - 4 * PAGE_SIZE);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, ANON | MAP_32BIT, NULL, 0), 0x40000000);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, ANON | MAP_32BIT, NULL, 0), 0x40001000);
	CHECK_EQ(aspace_mmap(as, 0, GIB, RW, ANON | MAP_32BIT, NULL, 0), -ENOMEM);
	CHECK(finish());
}

TEST(aspace_mmap_goes_above_when_below_is_full)
{
	long all;

	CHECK(start());
	all = aspace_mmap(as, 0, ASPACE_MMAP_TOP - USER_START, PROT_NONE, ANON, NULL, 0);
	CHECK_EQ(all, USER_START);
	CHECK_EQ(aspace_mmap(as, 0, PAGE_SIZE, RW, ANON, NULL, 0), ASPACE_MMAP_TOP);
	CHECK_EQ(aspace_mmap(as, 0, GIB, RW, ANON, NULL, 0), -ENOMEM);
	/* Holes of this size cost nothing. */
	CHECK_EQ(aspace_munmap(as, USER_START, ASPACE_MMAP_TOP), 0);
	CHECK_EQ(as->region_count, 0);
	CHECK(finish());
}

TEST(aspace_munmap_splits)
{
	CHECK(start());
	CHECK_EQ(aspace_mmap(as, BASE, 8 * PAGE_SIZE, RW, FIXED, NULL, 0), BASE);
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(poke(BASE + i * PAGE_SIZE, (uint8_t)(i + 1)), 0);
	CHECK_EQ(aspace_munmap(as, BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	CHECK_EQ(as->region_count, 2);
	CHECK_EQ(as->pages, 6);
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(peek(BASE + i * PAGE_SIZE), i == 2 || i == 3 ? -EFAULT : (int)i + 1);
	CHECK_EQ(aspace_munmap(as, BASE + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(aspace_munmap(as, BASE + 1, PAGE_SIZE), -EINVAL);
	CHECK_EQ(aspace_munmap(as, BASE, 0), -EINVAL);
	CHECK_EQ(aspace_munmap(as, BASE, UINT64_MAX), -EINVAL);
	CHECK_EQ(aspace_munmap(as, USER_END + PAGE_SIZE, PAGE_SIZE), -EINVAL);
	CHECK(finish());
}

TEST(aspace_mprotect_decides_faults)
{
	CHECK(start());
	CHECK_EQ(aspace_mmap(as, BASE, 4 * PAGE_SIZE, RW, FIXED, NULL, 0), BASE);
	CHECK_EQ(poke(BASE, 1), 0);
	CHECK_EQ(poke(BASE + PAGE_SIZE, 2), 0);
	CHECK_EQ(aspace_mprotect(as, BASE + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(as->region_count, 3);
	CHECK_EQ(poke(BASE + PAGE_SIZE, 3), -EFAULT);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 2);
	CHECK_EQ(aspace_mprotect(as, BASE, 4 * PAGE_SIZE, PROT_NONE), 0);
	CHECK_EQ(as->region_count, 1);
	CHECK_EQ(peek(BASE + PAGE_SIZE), -EFAULT);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), -EFAULT);
	CHECK_EQ(aspace_mprotect(as, BASE, 4 * PAGE_SIZE, RW), 0);
	CHECK_EQ(peek(BASE + PAGE_SIZE), 2);
	CHECK_EQ(poke(BASE + PAGE_SIZE, 3), 0);
	/* What is before a hole is changed all the same. */
	CHECK_EQ(aspace_mprotect(as, BASE + 3 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
	CHECK_EQ(poke(BASE + 3 * PAGE_SIZE, 3), -EFAULT);
	CHECK(finish());
}

TEST(aspace_mprotect_errors)
{
	CHECK(start());
	CHECK_EQ(aspace_mmap(as, BASE, PAGE_SIZE, RW, FIXED, NULL, 0), BASE);
	CHECK_EQ(aspace_mprotect(as, BASE + 1, PAGE_SIZE, PROT_READ), -EINVAL);
	CHECK_EQ(aspace_mprotect(as, BASE, PAGE_SIZE, 0x100), -EINVAL);
	CHECK_EQ(aspace_mprotect(as, BASE, PAGE_SIZE, PROT_GROWSDOWN | PROT_GROWSUP), -EINVAL);
	CHECK_EQ(aspace_mprotect(as, BASE, PAGE_SIZE, PROT_GROWSDOWN), -EINVAL);
	CHECK_EQ(aspace_mprotect(as, BASE, PAGE_SIZE, PROT_GROWSUP), -EINVAL);
	CHECK_EQ(aspace_mprotect(as, BASE, 0, 0x100), 0);
	CHECK_EQ(aspace_mprotect(as, BASE, UINT64_MAX, PROT_READ), -ENOMEM);
	CHECK_EQ(aspace_mprotect(as, BASE - PAGE_SIZE, PAGE_SIZE, PROT_READ), -ENOMEM);
	CHECK_EQ(aspace_mprotect(as, BASE + PAGE_SIZE, PAGE_SIZE, PROT_READ), -ENOMEM);
	CHECK(finish());
}

TEST(aspace_brk_moves)
{
	CHECK(start());
	aspace_set_brk(as, BASE - 5);
	CHECK_EQ(aspace_brk(as, 0), BASE);
	CHECK_EQ(aspace_brk(as, BASE + 100), BASE + 100);
	CHECK_EQ(poke(BASE + PAGE_SIZE - 1, 1), 0);
	CHECK_EQ(poke(BASE + PAGE_SIZE, 1), -EFAULT);
	CHECK_EQ(aspace_brk(as, BASE + 3 * PAGE_SIZE), BASE + 3 * PAGE_SIZE);
	CHECK_EQ(poke(BASE + 2 * PAGE_SIZE, 5), 0);
	CHECK_EQ(aspace_brk(as, BASE + PAGE_SIZE), BASE + PAGE_SIZE);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), -EFAULT);
	CHECK_EQ(peek(BASE + PAGE_SIZE - 1), 1);
	/* Below its start, into something else, beyond the program's range: it stays. */
	CHECK_EQ(aspace_brk(as, BASE - 1), BASE + PAGE_SIZE);
	CHECK_EQ(aspace_mmap(as, BASE + 4 * PAGE_SIZE, PAGE_SIZE, RW, FIXED, NULL, 0), BASE + 4 * PAGE_SIZE);
	CHECK_EQ(aspace_brk(as, BASE + 4 * PAGE_SIZE), BASE + PAGE_SIZE);
	CHECK_EQ(aspace_brk(as, BASE + 3 * PAGE_SIZE), BASE + 3 * PAGE_SIZE);
	CHECK_EQ(aspace_brk(as, UINT64_MAX), BASE + 3 * PAGE_SIZE);
	CHECK(finish());
}

TEST(aspace_write_ignores_protection)
{
	char text[] = "over the border", back[sizeof(text)];
	uint64_t at = BASE + PAGE_SIZE - 4;

	CHECK(start());
	CHECK_EQ(aspace_mmap(as, BASE, 2 * PAGE_SIZE, PROT_READ | PROT_EXEC, FIXED, NULL, 0), BASE);
	CHECK_EQ(aspace_mmap(as, BASE + 2 * PAGE_SIZE, PAGE_SIZE, PROT_NONE, FIXED, NULL, 0), BASE + 2 * PAGE_SIZE);
	aspace_activate(former);
	CHECK_EQ(aspace_write(as, at, text, sizeof(text)), 0);
	CHECK_EQ(aspace_read(as, at, back, sizeof(back)), 0);
	CHECK_STR(back, text);
	CHECK_EQ(aspace_write(as, BASE + 2 * PAGE_SIZE, text, sizeof(text)), 0);
	CHECK_EQ(aspace_write(as, BASE + 3 * PAGE_SIZE - 1, text, 2), -EFAULT);
	CHECK_EQ(aspace_write(as, UINT64_MAX - 2, text, 8), -EFAULT);
	CHECK_EQ(aspace_read(as, BASE - 1, back, 2), -EFAULT);
	aspace_activate(as);
	CHECK_EQ(peek(at), 'o');
	CHECK_EQ(poke(at, 1), -EFAULT);
	CHECK_EQ(peek(BASE + 2 * PAGE_SIZE), -EFAULT);
	CHECK(finish());
}

TEST(aspace_faults_on_kernel_addresses_are_refused)
{
	uint8_t byte = 0;

	CHECK(start());
	CHECK_EQ(user_copy_in(&byte, (uintptr_t)&byte, 1), -EFAULT);
	CHECK_EQ(user_copy_out(0, &byte, 1), -EFAULT);
	CHECK_EQ(user_copy_out(USER_END - 1, &byte, 2), -EFAULT);
	CHECK_EQ(user_zero(UINT64_MAX, 1), -EFAULT);
	CHECK_EQ(aspace_handle_fault(USER_END, ASPACE_ACCESS_READ), -EFAULT);
	CHECK_EQ(aspace_handle_fault(USER_START, ASPACE_ACCESS_READ), -EFAULT);
	CHECK(finish());
}

/* ---- against a model ---- */

#define PAGES 48

static struct {
	bool mapped;
	uint8_t prot, value;	/* value: what its first byte holds */
} model[PAGES];

static bool model_agrees(void)
{
	for (unsigned i = 0; i < PAGES; i++) {
		int expected = model[i].mapped && model[i].prot ? model[i].value : -EFAULT;

		if (peek(BASE + i * PAGE_SIZE) != expected)
			return false;
	}
	return true;
}

/* Regions are sorted, apart, counted, and no two neighbours are equal. */
static bool regions_sound(void)
{
	struct region *before = NULL;
	size_t count = 0, pages = 0;

	list_foreach(&as->regions, struct region, node, r) {
		if (r->start >= r->end || (before && before->end > r->start))
			return false;
		if (before && before->end == r->start && before->prot == r->prot)
			return false;
		before = r;
		count++;
		pages += region_len(r) >> PAGE_SHIFT;
	}
	return count == as->region_count && pages == as->pages_total;
}

static void random_step(uint64_t r)
{
	unsigned first = r % PAGES, count = 1 + (r >> 8) % (PAGES - first), prot = r >> 20 & RW;
	uint64_t addr = BASE + first * PAGE_SIZE, len = count * PAGE_SIZE;
	bool full = true;

	for (unsigned i = first; i < first + count; i++)
		full = full && model[i].mapped;
	switch (r >> 32 & 3) {
	case 0:
		CHECK_EQ(aspace_mmap(as, addr, len, prot, FIXED, NULL, 0), addr);
		for (unsigned i = first; i < first + count; i++)
			model[i] = (typeof(model[0])){ true, (uint8_t)prot, 0 };
		break;
	case 1:
		CHECK_EQ(aspace_munmap(as, addr, len), 0);
		for (unsigned i = first; i < first + count; i++)
			model[i].mapped = false;
		break;
	case 2:
		CHECK_EQ(aspace_mprotect(as, addr, len, prot), full ? 0 : -ENOMEM);
		for (unsigned i = first; i < first + count && model[i].mapped; i++)
			model[i].prot = (uint8_t)prot;
		break;
	default:
		for (unsigned i = first; i < first + count; i++) {
			bool may = model[i].mapped && model[i].prot & PROT_WRITE;

			CHECK_EQ(poke(BASE + i * PAGE_SIZE, (uint8_t)(r >> 40)), may ? 0 : -EFAULT);
			if (may)
				model[i].value = (uint8_t)(r >> 40);
		}
	}
}

TEST(aspace_agrees_with_a_map_of_pages)
{
	uint64_t random = 42;

	CHECK(start());
	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < 3000 && !test_failed(); i++) {
		random_step(test_random(&random));
		CHECK(regions_sound());
		CHECK(i % 8 || model_agrees());
	}
	CHECK(finish());
}
