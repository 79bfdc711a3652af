/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a boot has drawn (word "entropy" on the command line), for who estimates over many boots how much chance there
 * is in it: two lines a region on the console, which the host reads,
 *
 *	entropy: REGION HEX		an address there, of something new
 *	entropy-values: REGION N	how many different ones it might have been, as the code that draws it counts;
 *					1: it is not drawn
 *
 * and then the machine ends. And what a copy of a machine draws anew.
 */
#include <instrumentation/layout/layout.h>
#include <kernel/aspace.h>
#include <kernel/console.h>
#include <kernel/cpu.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/random.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include "core_internal.h"

#define OBJECT_SIZE 64
/* The stack protector's guard: its lowest byte ends strings, and is 0. */
#define GUARD_VALUES (UINT64_C(1) << 56)
/* Where a program that is linked for its place may end. */
#define PROGRAM_END UINT64_C(0x500000)

static void tell(const char *region, uint64_t value, uint64_t values)
{
	char line[120];
	size_t len = format(line, sizeof(line), "entropy: %s %lx\nentropy-values: %s %lu\n", region, value, region,
			    values);

	plat->console_write(line, len);
}

static void nothing(void *arg UNUSED)
{
}

/* A slab is a page, seen through the direct map, whose places are 1 GiB apart: pages so far apart may change places. */
static uint64_t heap_values(uint64_t pages)
{
	uint64_t pages_gib = GIB / PAGE_SIZE, gibs = (page_frame_limit() + pages_gib - 1) / pages_gib;

	return (arch_direct_map_places() + gibs - 1) * min(pages, pages_gib) * heap_places(OBJECT_SIZE);
}

static void tell_kernel(void)
{
	struct page *page = page_alloc(0);
	void *object = heap_alloc(OBJECT_SIZE);
	struct thread *thread = thread_create("entropy", nothing, NULL);
	uint64_t pages = IS_ENABLED(CONFIG_LAYOUT_PAGES) ? page_free_count() : 1;

	tell("image", KERNEL_BASE + layout_slide(), arch_image_places());
	tell("direct_map", (uintptr_t)arch_phys_to_virt(0), arch_direct_map_places());
	if (page)
		tell("pages", page_phys(page), pages);
	if (object)
		tell("heap", (uintptr_t)object, heap_values(pages));
	if (thread)
		tell("kernel_stack", (uintptr_t)thread->stack_base + thread->stack_size, stack_places());
	if (IS_ENABLED(CONFIG_STACK_PROTECTOR))
		tell("canary", arch_cpu()->stack_guard, GUARD_VALUES);
}

static void tell_program(void)
{
	struct aspace_place_counts counts;
	struct aspace *as;

	if (aspace_create(&as))
		return;
	aspace_place(as);
	aspace_place_count(&counts);
	tell("program_stack", as->places.stack_top - as->places.stack_gap, counts.stack);
	tell("mmap", as->mmap_top, counts.mmap);
	tell("brk", PROGRAM_END + as->places.brk_gap, counts.brk);
	tell("vdso", as->places.vdso ?: as->mmap_top, counts.vdso);
	tell("pie", as->places.pie_base, counts.pie);
	aspace_put(as);
}

int entropy_print(void)
{
	tell_kernel();
	tell_program();
	return 0;
}

/*
 * The image, the direct map, and what was given before stay where they are in all copies; pages, objects, stacks and
 * programs that come after are each copy's own. After the generator, which has a key of its own by then.
 */
static void layout_redraw(void)
{
	uint8_t secret[32];

	if (random_is_fixed())
		return;
	random_bytes(secret, sizeof(secret));
	layout_key_change(secret, sizeof(secret));
	memset(secret, 0, sizeof(secret));
}
SUSPEND_CALL(SUSPEND_CORE, redraw, NULL, layout_redraw, NULL);
