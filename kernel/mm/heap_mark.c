/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What surrounds an object in marked images, and how a change of it is told. With a sanitizer the surroundings, and
 * freed objects, are poisoned, so the access itself is reported. With option HEAP_CHECK they hold patterns, which are
 * compared when the object is freed, when it leaves the quarantine, and by heap_check_all().
 */
#include <kernel/crash.h>
#include <kernel/sanitize.h>
#include <kernel/string.h>
#include "heap_internal.h"

HEAP_CODE_BEGIN

#define MARK_LIVE 0x4c495645u
#define MARK_FREED 0x46524545u
#define MARK_KEY UINT64_C(0x9d5a3c6917e8b24f)
#define REDZONE_BYTE 0xbb
#define FREED_BYTE 0x6b

static uint64_t mark_sum(const struct heap_mark *mark)
{
	return MARK_KEY ^ (uintptr_t)mark ^ mark->size ^ (uint64_t)mark->state << 32;
}

static void mark_set(struct heap_mark *mark, size_t size, uint32_t state)
{
	mark->size = (uint32_t)size;
	mark->state = state;
	mark->check = mark_sum(mark);
}

bool mark_is_freed(const struct heap_mark *mark)
{
	return mark->state == MARK_FREED && mark->check == mark_sum(mark);
}

/* Eight bytes anywhere. */
struct word {
	uint64_t v;
} __attribute__((packed, may_alias));

static uint64_t differs(const uint8_t *p, size_t i, uint64_t word)
{
	return ((const struct word *)(const void *)p)[i].v ^ word;
}

/* True when all of [p, end), at least eight bytes, is the word's byte. The last eight may be looked at twice. */
static bool all_same(const uint8_t *p, const uint8_t *end, uint64_t word)
{
	uint64_t found = differs(end - 8, 0, word);

	for (; end - p >= 64; p += 64)
		found |= differs(p, 0, word) | differs(p, 1, word) | differs(p, 2, word) | differs(p, 3, word) |
			 differs(p, 4, word) | differs(p, 5, word) | differs(p, 6, word) | differs(p, 7, word);
	for (; end - p >= 8; p += 8)
		found |= differs(p, 0, word);
	return !found;
}

/* The first byte of [p, end) that is not value, or NULL. */
static const uint8_t *find_other(const uint8_t *p, const uint8_t *end, uint8_t value)
{
	if (end - p >= 8 && likely(all_same(p, end, value * UINT64_C(0x0101010101010101))))
		return NULL;
	for (; p < end; p++)
		if (*p != value)
			return p;
	return NULL;
}

void *mark_live(void *block, size_t block_size, size_t size)
{
	struct heap_mark *mark = block;
	uint8_t *object = mark_object(block);

	mark_set(mark, size, MARK_LIVE);
	if (HEAP_POISONED)
		sanitize_unpoison(object, size);
	else
		memset(object + size, REDZONE_BYTE, block_size - sizeof(*mark) - size);
	return object;
}

static void check_mark(const struct heap_mark *mark)
{
	if (unlikely(mark->check != mark_sum(mark)))
		crash_raise(CRASH_HEAP_OVERFLOW, NULL, (uintptr_t)mark,
			    "the redzone before the heap object at %p was written", (const void *)(mark + 1));
}

void mark_check_live(const void *block, size_t block_size)
{
	const struct heap_mark *mark = block;
	const uint8_t *object = (const uint8_t *)(mark + 1), *bad;

	check_mark(mark);
	bad = find_other(object + mark->size, (const uint8_t *)block + block_size, REDZONE_BYTE);
	if (unlikely(bad))
		crash_raise(CRASH_HEAP_OVERFLOW, NULL, (uintptr_t)bad,
			    "byte %zu of the heap object at %p of %u bytes was written", (size_t)(bad - object),
			    (const void *)object, mark->size);
}

void mark_freed(void *block, size_t block_size)
{
	struct heap_mark *mark = block;
	uint8_t *object = mark_object(block);

	if (HEAP_CHECKED)
		check_mark(mark);
	if (unlikely(mark->state != MARK_LIVE))
		heap_bad_free(object, mark->state == MARK_FREED);
	if (HEAP_CHECKED)
		mark_check_live(block, block_size);
	mark_set(mark, mark->size, MARK_FREED);
	if (HEAP_POISONED)
		sanitize_poison(object, mark->size, SANITIZE_FREED);
	else
		memset(object, FREED_BYTE, mark->size);
}

void mark_check_freed(const void *block)
{
	const struct heap_mark *mark = block;
	const uint8_t *object = (const uint8_t *)(mark + 1), *bad;

	if (!HEAP_CHECKED)
		return;
	check_mark(mark);
	bad = find_other(object, object + mark->size, FREED_BYTE);
	if (unlikely(bad))
		crash_raise(CRASH_USE_AFTER_FREE, NULL, (uintptr_t)bad,
			    "byte %zu of the freed heap object at %p of %u bytes was written", (size_t)(bad - object),
			    (const void *)object, mark->size);
}

HEAP_CODE_END
