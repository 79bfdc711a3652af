/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory randomization (option LAYOUT): where everything random comes from, and how far the image was moved. Each
 * region has a stream of its own, made by ChaCha8 from one secret key: what one region draws says nothing of another,
 * and with "layout=SEED" on the command line the n-th draw of a region is the same in each boot.
 *
 *	if (IS_ENABLED(CONFIG_LAYOUT_STACKS))
 *		slot = layout_draw(LAYOUT_STACKS, SLOTS);
 */
#pragma once

#include <arch/arch.h>

enum layout_region {
	LAYOUT_IMAGE,
	LAYOUT_DIRECT_MAP,
	LAYOUT_HEAP,
	LAYOUT_PAGES,
	LAYOUT_STACKS,
	LAYOUT_PROGRAM,
	LAYOUT_REGIONS
};

#if CONFIG_LAYOUT

/*
 * key.c, which runs at whatever address it is loaded to, so that entry code can call it: makes the key of the seed on
 * the command line (NULL: there is none), or of what the machine has of entropy. Once; later calls do nothing.
 */
void layout_key_init(const char *command_line);
/* One 64-bit word of a region's stream, the n-th; for entry code. Everybody else draws. */
uint64_t layout_word(enum layout_region region, uint64_t n);

/* One of 0 .. count - 1, all as likely; count > 0. Any context. */
uint64_t layout_draw(enum layout_region region, uint64_t count);
/* The stream's next 64 bits. */
uint64_t layout_bits(enum layout_region region);
/* Its next 32, where these are enough. */
uint32_t layout_half(enum layout_region region);
/*
 * In a copy of the machine: what is drawn from now on is another copy's no more. What was drawn stays where it is. Does
 * nothing where the layout is to be a fixed one. secret: what no other copy has.
 */
void layout_key_change(const void *secret, size_t size);
/* Streams begin anew, with the present key. */
void layout_streams_reset(void);
/* "layout=" on the command line, or a harness: the same in each boot. */
bool layout_is_fixed(void);

#else

static inline void layout_key_init(const char *command_line)
{
	(void)command_line;
}
static inline uint64_t layout_draw(enum layout_region region, uint64_t count)
{
	(void)region;
	(void)count;
	return 0;
}
static inline uint64_t layout_bits(enum layout_region region)
{
	(void)region;
	return 0;
}
static inline uint32_t layout_half(enum layout_region region)
{
	(void)region;
	return 0;
}
static inline void layout_key_change(const void *secret, size_t size)
{
	(void)secret;
	(void)size;
}

#endif

#if CONFIG_LAYOUT_IMAGE

/* How far behind its linked address the image runs: a multiple of the page size, the same for all of it. */
static inline uint64_t layout_slide(void)
{
	return x86_image_base() - KERNEL_BASE;
}

/* How far the direct map is from where it would be: a multiple of 1 GiB. */
static inline uint64_t layout_direct_map_slide(void)
{
	return DIRECT_MAP_BASE - X86_KERNEL_HALF;
}

#else

static inline uint64_t layout_slide(void)
{
	return 0;
}
static inline uint64_t layout_direct_map_slide(void)
{
	return 0;
}

#endif

/* What an address of the image is in its symbols; others are returned as they are. */
static inline uint64_t layout_linked(uint64_t address)
{
	return address >= KERNEL_BASE ? address - layout_slide() : address;
}
