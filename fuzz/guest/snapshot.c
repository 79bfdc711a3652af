/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The snapshot: which frames are live, their pristine copies, and the reset that writes them back. Which pages may have
 * changed is the tracker's business (tracker_*.c). A reset runs on an exempt stack and, but for pointers that never
 * change after the snapshot, touches only exempt memory and what it restores: it can be run after any crash of the
 * kernel it belongs to.
 *
 * Harness mode starts from a fixed amount of free memory, whatever machine this is: two blocks of the largest order, or
 * of a smaller one where that is more than half of what is free; in pieces where a drawn layout has none as large. All
 * other free memory is held back; it pays for the pristine copies.
 */
#include <fuzz/guest/guest_internal.h>
#include <kernel/aspace.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define FREE_BLOCKS 2			/* what an input can use: 8 MiB, as a rule */
#define FILL_WORD UINT64_C(0xa5a5a5a5a5a5a5a5)
#define EXEMPT_MAX 64
#define TOLD_TIMES 4 /* that a reset may name a page which is mapped more than once */

bool snapshot_active;

/* Memory held back, handed out to the exempt users in order. */
static struct {
	struct list blocks;	/* of struct page.node */
	uint8_t *at;		/* rest of the block in use */
	size_t left;
} held = { .blocks = LIST_INIT(held.blocks) };

/* Before the snapshot only. */
static struct {
	size_t first, count;	/* frames */
} exempt[EXEMPT_MAX];
static size_t exempt_count;

/* All below lie in exempt memory or never change once the snapshot is taken. */
static uint8_t *live;			/* a bit a frame: channel->live */
static struct snapshot_page *pages;
static size_t page_count;
static struct arch_pagetable *tables;	/* in use */
static uint64_t tls;

void snapshot_exempt(const void *base, size_t len)
{
	size_t first = arch_virt_to_phys(base) >> PAGE_SHIFT;

	assert(is_aligned(base, PAGE_SIZE) && exempt_count < EXEMPT_MAX);
	exempt[exempt_count].first = first;
	exempt[exempt_count].count = align_up(len, PAGE_SIZE) >> PAGE_SHIFT;
	exempt_count++;
}

void *snapshot_alloc_exempt(size_t len)
{
	unsigned order = 0;
	struct page *page;

	while ((PAGE_SIZE << order) < len)
		order++;
	page = order <= PAGE_ORDER_MAX ? page_alloc(order) : NULL;
	if (!page)
		return NULL;
	snapshot_exempt(page_virt(page), PAGE_SIZE << order);
	return page_virt(page);
}

static void count_free(size_t frame UNUSED, size_t count, void *context)
{
	*(size_t *)context += count;
}

/* Blocks that take at most half of what is free. */
static unsigned free_order(void)
{
	unsigned order = PAGE_ORDER_MAX;
	size_t frames = 0;

	page_foreach_free(count_free, &frames);
	while (order && ((size_t)FREE_BLOCKS << order) > frames / 2)
		order--;
	return order;
}

/* Takes that many frames, or all there are, in the largest blocks there are. How many are lacking. */
static size_t take_blocks(struct list *blocks, size_t frames)
{
	struct page *page;

	for (unsigned order = PAGE_ORDER_MAX + 1; order-- > 0;) {
		while (frames >> order && (page = page_alloc(order))) {
			list_append(blocks, &page->node);
			frames -= (size_t)1 << order;
		}
	}
	return frames;
}

/* Takes every free block, but for the fixed amount. */
static int hold_memory(void)
{
	struct list to_be_free = LIST_INIT(to_be_free);

	if (take_blocks(&to_be_free, (size_t)FREE_BLOCKS << free_order()))
		return -ENOMEM;
	take_blocks(&held.blocks, SIZE_MAX);
	list_foreach_safe(&to_be_free, struct page, node, page)
		page_free(page, page->order);
	return 0;
}

/* One page of held memory; NULL when it is used up. */
static void *held_page(void)
{
	void *page;

	if (!held.left) {
		if (list_empty(&held.blocks))
			return NULL;
		struct page *block = list_first(&held.blocks, struct page, node);

		list_remove(&block->node);
		held.at = page_virt(block);
		held.left = PAGE_SIZE << block->order;
	}
	page = held.at;
	held.at += PAGE_SIZE;
	held.left -= PAGE_SIZE;
	return page;
}

static void clear_live(size_t first, size_t count)
{
	for (size_t frame = first; frame < first + count; frame++)
		live[frame / 8] &= (uint8_t)~(1u << frame % 8);
}

static void clear_live_free(size_t frame, size_t count, void *context UNUSED)
{
	clear_live(frame, count);
}

static void set_live_range(phys_t base, phys_t end)
{
	size_t limit = page_frame_limit();

	for (size_t frame = base >> PAGE_SHIFT; frame < end >> PAGE_SHIFT && frame < limit; frame++)
		live[frame / 8] |= (uint8_t)(1u << frame % 8);
}

/* All RAM and the image, less what is free, held or exempt. */
static void choose_live(void)
{
	for (size_t i = 0; i < boot_info->range_count; i++) {
		const struct boot_range *range = &boot_info->ranges[i];

		if (range->type == BOOT_RAM)
			set_live_range(align_up(range->base, PAGE_SIZE), range->base + range->size);
	}
	set_live_range(boot_info->image_start, boot_info->image_end);
	page_foreach_free(clear_live_free, NULL);
	list_foreach(&held.blocks, struct page, node, block)
		clear_live(page_phys(block) >> PAGE_SHIFT, (size_t)1 << block->order);
	for (size_t i = 0; i < exempt_count; i++)
		clear_live(exempt[i].first, exempt[i].count);
	clear_live(CHANNEL_BEACON >> PAGE_SHIFT, 1);
	clear_live(0, 1);
}

bool snapshot_frame_is_live(size_t frame)
{
	return live[frame / 8] >> frame % 8 & 1;
}

/* The frames that need a copy. Called twice: to count, then to fill. */
static size_t choose_pages(bool fill)
{
	size_t limit = page_frame_limit(), n = 0;

	for (size_t frame = 0; frame < limit; frame++) {
		if (!snapshot_frame_is_live(frame) || !tracker_frame_can_change(frame))
			continue;
		if (fill) {
			pages[n].frame = frame;
			pages[n].page = tracker_view((phys_t)frame << PAGE_SHIFT);
			pages[n].pristine = held_page();
			if (!pages[n].pristine)
				return 0;
		}
		n++;
	}
	return n;
}

static size_t count_live(void)
{
	size_t limit = page_frame_limit(), n = 0;

	for (size_t frame = 0; frame < limit; frame++)
		n += snapshot_frame_is_live(frame);
	return n;
}

int snapshot_take(void)
{
	size_t limit = page_frame_limit();
	int err;

	if (snapshot_active)
		return -EBUSY;
	if (limit > CHANNEL_FRAMES_MAX)
		return -E2BIG;
	live = channel->live;
	heap_drain();
	err = tracker_prepare(limit);
	if (err)
		return err;
	pages = snapshot_alloc_exempt(limit * sizeof(*pages) / 4);
	if (!pages)
		return -ENOMEM;
	err = hold_memory();
	if (err)
		return err;
	/* A block in use as pristine memory is off the list of held ones: it is exempt from here on. */
	choose_live();
	if (choose_pages(false) > limit / 4)
		return -ENOMEM;
	page_count = choose_pages(true);
	if (!page_count)
		return -ENOMEM;
	if (tracker_runner_restores && page_count > CHANNEL_DIRTY_FRAMES / TOLD_TIMES)
		return -E2BIG;
	channel->live_count = count_live();
	tables = aspace_tables();
	tls = arch_get_tls();
	snapshot_active = true;
	tracker_start(pages, page_count);
	for (size_t i = 0; i < page_count; i++)
		arch_copy_page(pages[i].pristine, pages[i].page);
	return 0;
}

static void restore(struct snapshot_page *page)
{
	uint32_t n = channel->dirty_pages++;

	if (n < CHANNEL_DIRTY_FRAMES)
		channel->dirty_frames[n] = (uint32_t)page->frame;
	else if (channel->runner_restores)
		panic("a reset of more pages than a runner can be told of");
	if (!channel->runner_restores)
		arch_copy_page(page->page, page->pristine);
}

/*
 * An input may have ended on tables of its own, or on some that it freed: only the kernel's own are there at all times.
 * What a CPU keeps in registers is put back last.
 */
void snapshot_reset(void)
{
	channel->dirty_pages = 0;
	if (!arch_pagetable_is_active(tables))
		arch_pagetable_activate(&arch_kernel_pagetable);
	tracker_collect(pages, page_count, restore);
	arch_pagetable_activate(tables);
	arch_set_tls(tls);
}

void snapshot_leave_to_runner(void)
{
	channel->runner_restores = tracker_runner_restores && !batch_possible();
	for (size_t i = 0; channel->runner_restores && i < page_count; i++)
		if (!tracker_restores(pages[i].frame))
			memset(pages[i].pristine, 0, PAGE_SIZE);
}

void snapshot_fill(void *base, size_t len)
{
	uint64_t *word = base;

	if (!snapshot_active)
		return;
	snapshot_mark(base, len);
	for (size_t i = 0; i < len / sizeof(*word); i++)
		word[i] = FILL_WORD;
}
