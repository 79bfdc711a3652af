/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A window onto a device's registers. Either memory that the device answers in, or functions: that is how a scripted
 * device (kernel/dev/fake/) stands in for a real one. Values are the CPU's; devices of PCs are little-endian, too.
 */
#pragma once

#include <kernel/compiler.h>

struct regs;

struct regs_ops {
	/* bytes: 1, 2, 4 or 8; offset + bytes <= size. */
	uint64_t (*read)(const struct regs *regs, size_t offset, unsigned bytes);
	void (*write)(const struct regs *regs, size_t offset, unsigned bytes, uint64_t value);
};

struct regs {
	const struct regs_ops *ops;	/* NULL: memory */
	uintptr_t base;			/* where; with ops, theirs to use */
	size_t size;			/* 0: no window */
};

/* Maps a device's memory, uncached, for good. -EINVAL: no such place; -ENOMEM. */
int regs_map(struct regs *regs, phys_t phys, size_t size);

/* [offset, offset + size) of a window, which has it all; else an empty one, and false. */
bool regs_part(struct regs *part, const struct regs *whole, size_t offset, size_t size);

#define REGS_DEFINE(bits)                                                                                              \
	static inline uint##bits##_t regs_read##bits(const struct regs *regs, size_t offset)                           \
	{                                                                                                              \
		if (offset > regs->size || regs->size - offset < bits / 8)                                             \
			return (uint##bits##_t) ~UINT64_C(0);                                                          \
		if (regs->ops)                                                                                         \
			return (uint##bits##_t)regs->ops->read(regs, offset, bits / 8);                                \
		return *(volatile uint##bits##_t *)(regs->base + offset);                                              \
	}                                                                                                              \
	static inline void regs_write##bits(const struct regs *regs, size_t offset, uint##bits##_t value)              \
	{                                                                                                              \
		if (offset > regs->size || regs->size - offset < bits / 8)                                             \
			return;                                                                                        \
		if (regs->ops)                                                                                         \
			regs->ops->write(regs, offset, bits / 8, value);                                               \
		else                                                                                                   \
			*(volatile uint##bits##_t *)(regs->base + offset) = value;                                     \
	}

/* regs_read8() ... regs_write64(). What is outside of the window reads as all ones, and is not written. */
REGS_DEFINE(8)
REGS_DEFINE(16)
REGS_DEFINE(32)
REGS_DEFINE(64)
#undef REGS_DEFINE
