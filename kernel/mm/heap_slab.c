/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slabs: single pages cut into equal blocks behind a header with the map of free ones. Each size class has its own
 * lock and list of slabs that have room. The lowest free block of the slab used last is taken, so that live objects
 * stay together on few pages: a snapshot restores each of them. With LAYOUT_HEAP any free block of it may be taken, and
 * where the blocks of a slab begin is drawn too.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/crash.h>
#include <kernel/metrics.h>
#include <kernel/random.h>
#include <kernel/sanitize.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include "heap_internal.h"

HEAP_CODE_BEGIN

#define CLASSES 23
#define SLAB_WORDS (HEAP_MARKED ? 2 : 4)
#define RECENT_WORDS (HEAP_CHECKED ? SLAB_WORDS : 0)
#define HEAP_SHUFFLED IS_ENABLED(CONFIG_LAYOUT_HEAP)
#define GRAIN 16	/* blocks start at multiples of it */
#define ROOM_SIZE_MAX 256

/* At the start of the page; under the class's lock. */
struct slab {
	uint64_t next, prev;		/* among the slabs of its class that have room; link_get() reads them */
	uint16_t used;
	uint8_t class;
	bool touched;			/* on the class's list of slabs with recent blocks */
	uint16_t start[HEAP_SHUFFLED];	/* of the first block, behind the header, in bytes */
	uint64_t sum[HEAP_HARDENED];	/* of the others but the recent ones */
	struct slab *touched_next[HEAP_CHECKED];
	uint64_t free[SLAB_WORDS];	/* a bit a block */
	uint64_t recent[RECENT_WORDS];	/* allocated since the last check */
};

#define SLAB_HEADER align_up(sizeof(struct slab), 16)

_Static_assert(sizeof(struct slab) <= (HEAP_CHECKED && HEAP_HARDENED ? 80 : 64), "sizes[] count on it");

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
#define COUNT(size) ((PAGE_SIZE - SLAB_HEADER) / (size) - (HEAP_SHUFFLED && (size) <= ROOM_SIZE_MAX))

/* Of sizes[], so that nothing is divided each time. */
static const uint16_t counts[CLASSES] = {
	COUNT(16),  COUNT(32),  COUNT(48),  COUNT(64),	COUNT(80),  COUNT(96),	COUNT(112),  COUNT(128),
	COUNT(160), COUNT(192), COUNT(224), COUNT(256), COUNT(288), COUNT(336), COUNT(400),  COUNT(448),
	COUNT(496), COUNT(576), COUNT(672), COUNT(800), COUNT(1008), COUNT(1344), COUNT(2016),
};

static unsigned block_count(unsigned class)
{
	return counts[class];
}

/* Of free[]: only the smallest blocks are more than two words can say. */
static unsigned word_count(unsigned class)
{
	_Static_assert(COUNT(32) <= 128 && (HEAP_MARKED || COUNT(16) <= 64 * SLAB_WORDS), "no slab has more");
	return class ? 2 : SLAB_WORDS;
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

/* ---- links and sums (option HEAP_HARDENING) ---- */

#define SECRETS 4

static uint64_t secrets[SECRETS];

/* A link is different in each place: one that was copied elsewhere leads nowhere. */
static uint64_t link_code(const uint64_t *place, uint64_t link)
{
	return HEAP_HARDENED ? link ^ secrets[0] ^ __builtin_bswap64((uintptr_t)place) : link;
}

static struct slab *link_get(const uint64_t *place)
{
	return (struct slab *)(uintptr_t)link_code(place, *place);
}

static void link_set(uint64_t *place, const struct slab *slab)
{
	*place = link_code(place, (uintptr_t)slab);
}

/* Both halves of a product depend on all of both factors, of which nobody knows one. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* used, class and start in one piece, without what is between and behind them. */
struct numbers {
	uint64_t all;
} __attribute__((may_alias));
#define NUMBERS ((HEAP_SHUFFLED ? UINT64_C(0xffff) << 32 : 0) | 0xffffff)

static ALWAYS_INLINE uint64_t sum_of_links(const struct slab *slab)
{
	return HEAP_HARDENED ? fold(slab->next ^ secrets[1], slab->prev ^ secrets[2]) : 0;
}

/* links: sum_of_links() */
static ALWAYS_INLINE uint64_t sum_of(const struct slab *slab, uint64_t links)
{
	uint64_t numbers = (*(const struct numbers *)&slab->used).all & NUMBERS;
	uint64_t sum = links ^ fold((uintptr_t)slab ^ secrets[3], numbers ^ secrets[1]);

	sum = fold(slab->free[0] ^ secrets[2] ^ sum, slab->free[1] ^ secrets[3]);
	/* Words that say nothing are zeros, and whatever somebody else has put there is to be seen too. */
	for (unsigned i = 2; i < SLAB_WORDS; i += 2)
		sum = slab->class ? sum ^ (slab->free[i] | slab->free[i + 1])
				  : fold(slab->free[i] ^ secrets[2] ^ sum, slab->free[i + 1] ^ secrets[3]);
	return sum;
}

/* After each change but those of links. The class's lock is held, here and below. */
static ALWAYS_INLINE void slab_seal(struct slab *slab, uint64_t links)
{
	if (HEAP_HARDENED)
		*slab->sum = sum_of(slab, links);
}

/* After each change of links too. */
static void slab_seal_links(struct slab *slab)
{
	slab_seal(slab, sum_of_links(slab));
}

static NOINLINE NORETURN void slab_corrupted(const struct slab *slab)
{
	crash_raise(CRASH_HEAP_CORRUPTION, NULL, (uintptr_t)slab, "what the heap keeps at %p was written by others",
		    slab);
}

/*
 * Before anything in it is believed: a crash with the lock released when others have written there. Of an address whose
 * page has been looked at. Returns sum_of_links().
 */
static ALWAYS_INLINE uint64_t slab_check(struct size_class *class, const struct slab *slab, unsigned long irq)
{
	uint64_t links = sum_of_links(slab);

	if (!HEAP_HARDENED || likely(*slab->sum == sum_of(slab, links)))
		return links;
	spin_unlock(&class->lock, irq);
	slab_corrupted(slab);
}

/* Of what a link or the head of a list leads to, which may be no memory at all. */
static ALWAYS_INLINE uint64_t slab_check_link(struct size_class *class, const struct slab *slab, unsigned long irq)
{
	if (!HEAP_HARDENED || likely(page_from_virt(slab)))
		return slab_check(class, slab, irq);
	spin_unlock(&class->lock, irq);
	slab_corrupted(slab);
}

/* The class of a slab, without its lock. */
static struct size_class *class_of_slab(const struct slab *slab)
{
	if (HEAP_HARDENED && unlikely(slab->class >= CLASSES))
		slab_corrupted(slab);
	return &classes[slab->class];
}

static void room_add(struct size_class *class, struct slab *slab, unsigned long irq)
{
	struct slab *next = class->room;

	link_set(&slab->prev, NULL);
	link_set(&slab->next, next);
	if (next) {
		slab_check_link(class, next, irq);
		link_set(&next->prev, slab);
		slab_seal_links(next);
	}
	class->room = slab;
}

static void room_remove(struct size_class *class, struct slab *slab, unsigned long irq)
{
	struct slab *next = link_get(&slab->next), *prev = link_get(&slab->prev);

	if (next) {
		slab_check_link(class, next, irq);
		link_set(&next->prev, prev);
		slab_seal_links(next);
	}
	if (prev) {
		slab_check_link(class, prev, irq);
		link_set(&prev->next, next);
		slab_seal_links(prev);
	} else {
		class->room = next;
	}
}

static void recent_add(struct size_class *class, struct slab *slab, unsigned block)
{
	if (!HEAP_CHECKED)
		return;
	slab->recent[block / 64] |= UINT64_C(1) << block % 64;
	if (slab->touched)
		return;
	slab->touched = true;
	*slab->touched_next = class->touched;
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
	if (HEAP_HARDENED && unlikely(!secrets[0]))
		random_bytes(secrets, sizeof(secrets));
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
		word = (word + 1) & (word_count(slab->class) - 1);
		bits = slab->free[word];
	}
	return word * 64 + (unsigned)__builtin_ctzll(bits);
}

static void *take_block(struct size_class *class, struct slab *slab, unsigned long irq)
{
	uint64_t links = slab_check_link(class, slab, irq);
	unsigned size = sizes[slab->class], block = free_block_from(slab, look_from(class, slab));

	slab->free[block / 64] &= ~(UINT64_C(1) << block % 64);
	if (++slab->used == block_count(slab->class))
		room_remove(class, slab, irq);
	slab_seal(slab, links);
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
		room_add(class, slab, irq);
		slab_seal_links(slab);
		class->pages++;
	}
	block = take_block(class, class->room, irq);
	metric_inc_at(heap_allocations, number);
	spin_unlock(&class->lock, irq);
	return block;
}

/* The number of the block that starts there; more than any when none does. */
static unsigned block_at(const struct slab *slab, const void *address)
{
	size_t offset = ((uintptr_t)address & ~PAGE_MASK) - first_block(slab), size = sizes[slab->class];
	size_t block = offset / size;

	if (!HEAP_FREES_CHECKED)
		return (unsigned)(block % block_count(slab->class));
	return block < block_count(slab->class) && block * size == offset ? (unsigned)block : UINT32_MAX;
}

static bool block_is_free(const struct slab *slab, unsigned block)
{
	return slab->free[block / 64] >> block % 64 & 1;
}

/* Inlined, as heap_free() is little else: one copy of a return address fewer, where they are kept. */
ALWAYS_INLINE void slab_free(void *address)
{
	struct slab *slab = slab_of(address), *empty = NULL;
	struct size_class *class = class_of_slab(slab);
	unsigned long irq = spin_lock(&class->lock);
	uint64_t links = slab_check(class, slab, irq);
	unsigned block = block_at(slab, address);

	if (HEAP_FREES_CHECKED && unlikely(block == UINT32_MAX || block_is_free(slab, block))) {
		spin_unlock(&class->lock, irq);
		heap_bad_free(address, block != UINT32_MAX);
	}
	if (IS_ENABLED(CONFIG_INIT_ON_FREE))
		memset(address, 0, sizes[slab->class]);
	slab->free[block / 64] |= UINT64_C(1) << block % 64;
	recent_remove(slab, block);
	class->used--;
	if (slab->used-- == block_count(slab->class)) {
		room_add(class, slab, irq);
		links = sum_of_links(slab);
	}
	/* One empty slab is kept, so that a lone object that comes and goes does not cost a page each time. */
	if (slab->used == 0 && (link_get(&slab->next) || link_get(&slab->prev)) && !slab->touched) {
		room_remove(class, slab, irq);
		class->pages--;
		empty = slab;
	}
	slab_seal(slab, links);
	spin_unlock(&class->lock, irq);
	if (empty)
		slab_destroy(empty);
}

size_t slab_block_size(const void *address)
{
	struct slab *slab = slab_of(address);
	struct size_class *class = class_of_slab(slab);
	unsigned long irq = spin_lock(&class->lock);
	unsigned block;
	bool bad;

	slab_check(class, slab, irq);
	block = block_at(slab, address);
	bad = HEAP_FREES_CHECKED && (block == UINT32_MAX || block_is_free(slab, block));
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
			slab_check_link(class, slab, irq);
			next = link_get(&slab->next);
			if (slab->used || slab->touched)
				continue;
			room_remove(class, slab, irq);
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

/*
 * A copy of the machine gets secrets of its own, unless it is to be like all others, for a harness. Slabs without room
 * are on no list: all pages are looked at. Nobody else runs.
 */
static void renew_secrets(void)
{
	uint64_t old[SECRETS], fresh[SECRETS];

	if (!HEAP_HARDENED || !secrets[0] || random_is_fixed())
		return;
	memcpy(old, secrets, sizeof(old));
	random_bytes(fresh, sizeof(fresh));
	for (size_t frame = 0; frame < page_frame_limit(); frame++) {
		struct page *page = page_from_phys((phys_t)frame << PAGE_SHIFT);
		struct slab *slab = page_virt(page), *next, *prev;

		if (page->state != PAGE_USED || page->owner != heap_slab_owner)
			continue;
		memcpy(secrets, old, sizeof(secrets));
		if (*slab->sum != sum_of(slab, sum_of_links(slab)))
			slab_corrupted(slab);
		next = link_get(&slab->next);
		prev = link_get(&slab->prev);
		memcpy(secrets, fresh, sizeof(secrets));
		link_set(&slab->next, next);
		link_set(&slab->prev, prev);
		slab_seal_links(slab);
	}
}
SUSPEND_CALL(SUSPEND_CORE, slabs, NULL, renew_secrets, NULL);

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

			class->touched = *slab->touched_next;
			slab->touched = false;
			spin_unlock(&class->lock, irq);
			check_slab(slab, check);
		}
	}
}

HEAP_CODE_END
