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

/* The first byte of [p, end) that is not value, or NULL. */
static const uint8_t *find_other(const uint8_t *p, const uint8_t *end, uint8_t value)
{
	uint64_t word = value * UINT64_C(0x0101010101010101);

	while (p < end && ((uintptr_t)p % 8 || end - p < 8)) {
		if (*p != value)
			return p;
		p++;
	}
	for (; end - p >= 64; p += 64) {
		const uint64_t *w = (const void *)p;

		if ((w[0] ^ word) | (w[1] ^ word) | (w[2] ^ word) | (w[3] ^ word) | (w[4] ^ word) | (w[5] ^ word) |
		    (w[6] ^ word) | (w[7] ^ word))
			break;
	}
	for (; end - p >= 8; p += 8)
		if (*(const uint64_t *)(const void *)p != word)
			break;
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
