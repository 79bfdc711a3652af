/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slabs: single pages cut into equal blocks behind a header with the map of free ones. Each size class has its own
 * lock and list of slabs that have room. The lowest free block of the slab used last is taken, so that live objects
 * stay together on few pages: a snapshot restores each of them. With LAYOUT_HEAP any free block of it may be taken, and
 * where the blocks of a slab begin is drawn too.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/metrics.h>
#include <kernel/sanitize.h>
#include <kernel/snapshot.h>
#include "heap_internal.h"

HEAP_CODE_BEGIN

#define CLASSES 23
#define SLAB_HEADER 64
#define SLAB_WORDS (HEAP_MARKED ? 2 : 4)
#define RECENT_WORDS (HEAP_CHECKED ? SLAB_WORDS : 0)
#define HEAP_SHUFFLED IS_ENABLED(CONFIG_LAYOUT_HEAP)
#define GRAIN 16	/* blocks start at multiples of it */
#define ROOM_SIZE_MAX 256

/* At the start of the page; under the class's lock. */
struct slab {
	struct slab *next, *prev;	/* among the slabs of its class that have room */
	uint16_t used;
	uint8_t class;
	bool touched;			/* on the class's list of slabs with recent blocks */
	uint16_t start[HEAP_SHUFFLED];	/* of the first block, behind the header, in bytes */
	struct slab *touched_next;
	uint64_t free[SLAB_WORDS];	/* a bit a block */
	uint64_t recent[RECENT_WORDS];	/* allocated since the last check */
};

_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "the first block starts behind the header");

struct size_class {
	struct spinlock lock;
	struct slab *room;		/* slabs with a free block, the one used last first */
	struct slab *touched;
	size_t used, pages;
	uint64_t chances[HEAP_SHUFFLED];	/* drawn ahead: a byte for each block that is taken */
};

const char heap_slab_owner[] = "heap slab";

/* As many blocks as fit into a page, and multiples of 16. */
static const uint16_t sizes[CLASSES] = { 16,  32,  48,  64,  80,  96,  112, 128, 160,  192,  224, 256,
					 288, 336, 400, 448, 496, 576, 672, 800, 1008, 1344, 2016 };
/* The class for a size, by (size + 15) / 16. */
static const uint8_t class_by_units[SLAB_BLOCK_MAX / 16 + 1] = {
	[0 ... 1] = 0,    [2] = 1,          [3] = 2,          [4] = 3,          [5] = 4,           [6] = 5,
	[7] = 6,          [8] = 7,          [9 ... 10] = 8,   [11 ... 12] = 9,  [13 ... 14] = 10,  [15 ... 16] = 11,
	[17 ... 18] = 12, [19 ... 21] = 13, [22 ... 25] = 14, [26 ... 28] = 15, [29 ... 31] = 16,  [32 ... 36] = 17,
	[37 ... 42] = 18, [43 ... 50] = 19, [51 ... 63] = 20, [64 ... 84] = 21, [85 ... 126] = 22,
};
static struct size_class classes[CLASSES];

static const char *const size_names[CLASSES] = { "16",  "32",  "48",  "64",  "80",  "96",  "112", "128",
						 "160", "192", "224", "256", "288", "336", "400", "448",
						 "496", "576", "672", "800", "1008", "1344", "2016" };
METRIC_COUNTERS(heap_allocations, "Blocks of the heap that were given, by their size; those of whole pages left out",
		"bytes", size_names);

static unsigned class_of(size_t size)
{
	return class_by_units[(size + 15) / 16];
}

/* Where blocks may begin anywhere, small ones leave one of them out for it: large ones are too few. */
static unsigned block_count(unsigned class)
{
	return (PAGE_SIZE - SLAB_HEADER) / sizes[class] - (HEAP_SHUFFLED && sizes[class] <= ROOM_SIZE_MAX);
}

/* In how many places, a grain apart, the first block may lie. */
static unsigned start_count(unsigned class)
{
	return (PAGE_SIZE - SLAB_HEADER - block_count(class) * sizes[class]) / GRAIN + 1;
}

/* In bytes from the slab on. */
static size_t first_block(const struct slab *slab)
{
	return SLAB_HEADER + (HEAP_SHUFFLED ? *slab->start : 0);
}

static struct slab *slab_of(const void *block)
{
	return (struct slab *)((uintptr_t)block & PAGE_MASK);
}

static void room_add(struct size_class *class, struct slab *slab)
{
	slab->prev = NULL;
	slab->next = class->room;
	if (class->room)
		class->room->prev = slab;
	class->room = slab;
}

static void room_remove(struct size_class *class, struct slab *slab)
{
	if (slab->next)
		slab->next->prev = slab->prev;
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		class->room = slab->next;
}

static void recent_add(struct size_class *class, struct slab *slab, unsigned block)
{
	if (!HEAP_CHECKED)
		return;
	slab->recent[block / 64] |= UINT64_C(1) << block % 64;
	if (slab->touched)
		return;
	slab->touched = true;
	slab->touched_next = class->touched;
	class->touched = slab;
}

static void recent_remove(struct slab *slab, unsigned block)
{
	if (HEAP_CHECKED)
		slab->recent[block / 64] &= ~(UINT64_C(1) << block % 64);
}

static void slab_set_owner(struct page *page, const char *owner)
{
	snapshot_mark(page, sizeof(*page));
	page->owner = (void *)(uintptr_t)owner;
}

/* Adds a slab; called without the lock, which page_alloc() needs not be under. */
static struct slab *slab_create(unsigned class)
{
	struct page *page = page_alloc(0);
	unsigned count = block_count(class);
	struct slab *slab;

	if (!page)
		return NULL;
	slab_set_owner(page, heap_slab_owner);
	slab = page_virt(page);
	slab->used = 0;
	slab->class = (uint8_t)class;
	slab->touched = false;
	if (HEAP_SHUFFLED)
		*slab->start = (uint16_t)(layout_draw(LAYOUT_HEAP, start_count(class)) * GRAIN);
	for (unsigned i = 0; i < RECENT_WORDS; i++)
		slab->recent[i] = 0;
	for (unsigned i = 0; i < SLAB_WORDS; i++)
		slab->free[i] = count >= 64 * (i + 1) ? UINT64_MAX
				: count <= 64 * i     ? 0
						      : (UINT64_C(1) << (count - 64 * i)) - 1;
	sanitize_poison(slab, PAGE_SIZE, SANITIZE_REDZONE);
	return slab;
}

static void slab_destroy(struct slab *slab)
{
	page_free(page_from_virt(slab), 0);
}

/* Where to look for a free block from; the class's lock is held. */
static unsigned look_from(struct size_class *class, const struct slab *slab)
{
	unsigned from;

	if (!HEAP_SHUFFLED)
		return 0;
	if (!*class->chances)
		*class->chances = layout_bits(LAYOUT_HEAP);
	from = (unsigned)(*class->chances & 0xff) * block_count(slab->class) >> 8;
	*class->chances >>= 8;
	return from;
}

/* The first free block from there on, round and round: there is one. */
static unsigned free_block_from(const struct slab *slab, unsigned from)
{
	unsigned word = from / 64;
	uint64_t bits = slab->free[word] & ~UINT64_C(0) << from % 64;

	while (!bits) {
		word = (word + 1) % SLAB_WORDS;
		bits = slab->free[word];
	}
	return word * 64 + (unsigned)__builtin_ctzll(bits);
}

static void *take_block(struct size_class *class, struct slab *slab)
{
	unsigned size = sizes[slab->class], block = free_block_from(slab, look_from(class, slab));

	slab->free[block / 64] &= ~(UINT64_C(1) << block % 64);
	if (++slab->used == block_count(slab->class))
		room_remove(class, slab);
	class->used++;
	recent_add(class, slab, block);
	return (char *)slab + first_block(slab) + block * size;
}

void *slab_alloc(size_t size)
{
	unsigned number = class_of(size);
	struct size_class *class = &classes[number];
	unsigned long irq = spin_lock(&class->lock);
	void *block;

	if (unlikely(!class->room)) {
		spin_unlock(&class->lock, irq);
		struct slab *slab = slab_create(number);
		if (!slab)
			return NULL;
		irq = spin_lock(&class->lock);
		room_add(class, slab);
		class->pages++;
	}
	block = take_block(class, class->room);
	metric_inc_at(heap_allocations, number);
	spin_unlock(&class->lock, irq);
	return block;
}

/* The number of the block that starts there; more than any when none does. */
static unsigned block_at(const struct slab *slab, const void *address)
{
	size_t offset = ((uintptr_t)address & ~PAGE_MASK) - first_block(slab), size = sizes[slab->class];
	size_t block = offset / size;

	return block < block_count(slab->class) && block * size == offset ? (unsigned)block : UINT32_MAX;
}

static bool block_is_free(const struct slab *slab, unsigned block)
{
	return slab->free[block / 64] >> block % 64 & 1;
}

void slab_free(void *address)
{
	struct slab *slab = slab_of(address), *empty = NULL;
	struct size_class *class = &classes[slab->class];
	unsigned block = block_at(slab, address);
	unsigned long irq = spin_lock(&class->lock);

	if (unlikely(block == UINT32_MAX || block_is_free(slab, block))) {
		spin_unlock(&class->lock, irq);
		heap_bad_free(address, block != UINT32_MAX);
	}
	slab->free[block / 64] |= UINT64_C(1) << block % 64;
	recent_remove(slab, block);
	class->used--;
	if (slab->used-- == block_count(slab->class))
		room_add(class, slab);
	/* One empty slab is kept, so that a lone object that comes and goes does not cost a page each time. */
	if (slab->used == 0 && (slab->next || slab->prev) && !slab->touched) {
		room_remove(class, slab);
		class->pages--;
		empty = slab;
	}
	spin_unlock(&class->lock, irq);
	if (empty)
		slab_destroy(empty);
}

size_t slab_block_size(const void *address)
{
	struct slab *slab = slab_of(address);
	struct size_class *class = &classes[slab->class];
	unsigned block = block_at(slab, address);
	unsigned long irq = spin_lock(&class->lock);
	bool bad = block == UINT32_MAX || block_is_free(slab, block);

	spin_unlock(&class->lock, irq);
	if (unlikely(bad))
		heap_bad_free(address, block != UINT32_MAX);
	return sizes[slab->class];
}

size_t slab_places(size_t size)
{
	unsigned class = class_of(size);

	if (!HEAP_SHUFFLED)
		return 1;
	/* Where there is room for a whole block, other starts and blocks come to the same places. */
	return min(block_count(class) * start_count(class),
		   (block_count(class) - 1) * sizes[class] / GRAIN + start_count(class));
}

size_t slab_round_up(size_t size)
{
	return sizes[class_of(size)];
}

void slab_drain(void)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		struct size_class *class = &classes[i];
		unsigned long irq = spin_lock(&class->lock);

		for (struct slab *slab = class->room, *next; slab; slab = next) {
			next = slab->next;
			if (slab->used || slab->touched)
				continue;
			room_remove(class, slab);
			class->pages--;
			slab_destroy(slab);
		}
		spin_unlock(&class->lock, irq);
	}
}

void slab_stats(struct heap_stats *stats)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		stats->live_objects += classes[i].used;
		stats->live_bytes += classes[i].used * sizes[i];
		stats->pages += classes[i].pages;
	}
}

static void check_slab(struct slab *slab, void (*check)(const void *block))
{
	for (unsigned word = 0; word < RECENT_WORDS; word++) {
		while (slab->recent[word]) {
			unsigned block = word * 64 + (unsigned)__builtin_ctzll(slab->recent[word]);

			slab->recent[word] &= slab->recent[word] - 1;
			check((char *)slab + first_block(slab) + block * sizes[slab->class]);
		}
	}
}

void slab_check_recent(void (*check)(const void *block))
{
	for (unsigned i = 0; i < CLASSES; i++) {
		struct size_class *class = &classes[i];

		while (class->touched) {
			unsigned long irq = spin_lock(&class->lock);
			struct slab *slab = class->touched;

			class->touched = slab->touched_next;
			slab->touched = false;
			spin_unlock(&class->lock, irq);
			check_slab(slab, check);
		}
	}
}

HEAP_CODE_END
