/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option ASAN: bad accesses to heap, stack and globals become crashes of the right kind, at the right place.
 */
#include <arch/arch.h>
#include <kernel/heap.h>
#include <kernel/sanitize.h>
#include <kernel/string.h>
#include <kernel/test.h>

static volatile uint8_t sink;
static char global[24];

struct access {
	char *object;
	long offset;
};

static NOINLINE void read_at(void *arg)
{
	const struct access *access = arg;

	sink = access->object[access->offset];
}

static NOINLINE void write_at(void *arg)
{
	const struct access *access = arg;

	access->object[access->offset] = 1;
}

static NOINLINE void copy_past(void *arg)
{
	const struct access *access = arg;
	char buffer[64] = { 0 };

	memcpy(access->object, buffer, (size_t)access->offset);
}

static NOINLINE void fill_past(void *arg)
{
	const struct access *access = arg;

	memset(access->object, 1, (size_t)access->offset);
}

static NOINLINE void stack_past(void *arg)
{
	const struct access *access = arg;
	char buffer[16];
	char *volatile hidden = buffer; /* not UBSan's business */

	hidden[0] = 0;
	sink = (uint8_t)hidden[access->offset];
}

static bool told(const char *word)
{
	return strstr(test_crash_record()->text, word) != NULL;
}

TEST(asan_heap_overflow)
{
	struct access access = { heap_alloc(20), 0 };

	CHECK(access.object);
	for (access.offset = 0; access.offset < 20; access.offset++)
		CHECK_EQ(test_crash_of(write_at, &access), CRASH_NONE);
	CHECK_EQ(test_crash_of(write_at, &access), CRASH_HEAP_OVERFLOW);
	CHECK(told("write of 1 bytes"));
	CHECK_EQ(test_crash_record()->address, (uint64_t)access.object + 20);
	CHECK(test_crash_record()->pc - (uint64_t)write_at < 256);
	access.offset = -1;
	CHECK_EQ(test_crash_of(read_at, &access), CRASH_HEAP_OVERFLOW);
	heap_free(access.object);
}

TEST(asan_memory_functions)
{
	struct access access = { heap_alloc(32), 32 };

	CHECK(access.object);
	CHECK_EQ(test_crash_of(copy_past, &access), CRASH_NONE);
	CHECK_EQ(test_crash_of(fill_past, &access), CRASH_NONE);
	access.offset = 33;
	CHECK_EQ(test_crash_of(copy_past, &access), CRASH_HEAP_OVERFLOW);
	CHECK(test_crash_record()->pc - (uint64_t)copy_past < 512);
	CHECK_EQ(test_crash_of(fill_past, &access), CRASH_HEAP_OVERFLOW);
	heap_free(access.object);
}

TEST(asan_use_after_free)
{
	struct access access = { heap_alloc(100), 50 };

	CHECK(access.object);
	heap_free(access.object);
	CHECK_EQ(test_crash_of(read_at, &access), CRASH_USE_AFTER_FREE);
	CHECK(told("heap-use-after-free: read of 1 bytes"));
	CHECK_EQ(test_crash_of(write_at, &access), CRASH_USE_AFTER_FREE);
}

TEST(asan_stack_and_globals)
{
	struct access access = { global, sizeof(global) };

	CHECK_EQ(test_crash_of(read_at, &access), CRASH_BAD_ACCESS);
	CHECK(told("global-buffer-overflow"));
	access.offset = 15;
	CHECK_EQ(test_crash_of(stack_past, &access), CRASH_NONE);
	access.offset = 16;
	CHECK_EQ(test_crash_of(stack_past, &access), CRASH_BAD_ACCESS);
	CHECK(told("stack-buffer-overflow"));
}

/* A frame that was left by a jump leaves nothing behind that a later frame could stumble over. */
TEST(asan_jumps_clean_the_stack)
{
	struct access access = { NULL, 16 };

	for (int i = 0; i < 100; i++) {
		CHECK_EQ(test_crash_of(stack_past, &access), CRASH_BAD_ACCESS);
		access.offset = access.offset == 16 ? 17 : 16;
	}
	access.offset = 3;
	CHECK_EQ(test_crash_of(stack_past, &access), CRASH_NONE);
}

TEST(asan_marks_can_be_saved_and_restored)
{
	struct access access = { heap_alloc(64), 10 };
	uint8_t marks[64 / SANITIZE_GRANULE];

	CHECK(access.object);
	sanitize_shadow_copy(marks, sanitize_shadow_of(access.object), sizeof(marks));
	sanitize_poison(access.object, 64, SANITIZE_FREED);
	CHECK_EQ(test_crash_of(read_at, &access), CRASH_USE_AFTER_FREE);
	sanitize_shadow_copy(sanitize_shadow_of(access.object), marks, sizeof(marks));
	CHECK_EQ(test_crash_of(read_at, &access), CRASH_NONE);
	heap_free(access.object);
}
