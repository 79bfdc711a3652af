/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How entry code hands the machine over to the kernel, and the command line.
 */
#pragma once

#include <kernel/compiler.h>

#define BOOT_RANGES_MAX 32

enum boot_range_type { BOOT_RAM, BOOT_RESERVED, BOOT_ACPI };

struct boot_range {
	phys_t base;
	uint64_t size;
	enum boot_range_type type;
};

/* Filled by the entry code from what the loader gave; every value in it is untrusted and checked by its reader. */
struct boot_info {
	const char *protocol;		/* "pvh", "multiboot2", "host" */
	struct boot_range ranges[BOOT_RANGES_MAX];
	size_t range_count;
	phys_t image_start, image_end;	/* the kernel image in physical memory, page aligned */
	phys_t initrd;			/* 0 when there is none */
	uint64_t initrd_size;
	phys_t rsdp;			/* ACPI root pointer, 0 when unknown */
	char command_line[4096];	/* NUL-terminated; one that was too long was cut and truncated is set */
	bool truncated;
};

/* The portable kernel's start: boot CPU, interrupts off, on a stack of at least 16 KiB. */
void kernel_main(struct boot_info *boot) NORETURN;

/**
 * The command line: words separated by spaces; name=value or name. A word may hold %XX escapes (as in URLs), so that
 * any byte but NUL can be passed; a lone "%" is the empty word. What follows the word "--" are the program's
 * arguments, argv[0] first. An escape that is none is kept as it is.
 *
 *	loglevel=N  mem=SIZE  init=PATH  test[=GLOB]  harness=NAME  batch  seed=N  env=NAME=VALUE (may repeat)
 *	attack=NAME nonce=HEX attack-variant=VARIANT
 *	layout=SEED (any text; LAYOUT)  entropy (prints what was drawn, and ends)
 *	console=pipe  strace  outcomes  virtio_mmio.device=SIZE@BASE:LINE (may repeat)  net=ADDRESS/BITS[,GATEWAY]
 */
/* The decoded value of the last name=... in buf; "" for a bare name. Length, or -ENOENT, -ENAMETOOLONG. */
ssize_t boot_option(const char *name, char *buf, size_t size);
/* The same of the n-th one. */
ssize_t boot_option_at(const char *name, size_t index, char *buf, size_t size);
/* A number (decimal, 0x hex, suffix K M G), or fallback when absent or malformed (which is logged). */
uint64_t boot_option_number(const char *name, uint64_t fallback);
/* The n-th program argument, decoded: length, -ENOENT after the last, -ENAMETOOLONG. */
ssize_t boot_argument(size_t index, char *buf, size_t size);
/* The n-th "env=" word, decoded: as boot_argument(). */
ssize_t boot_environment(size_t index, char *buf, size_t size);

/* Functions to call at boot, in order of level, then in order of name. A failure that is not returned as 0 panics. */
enum init_level { INIT_MEMORY, INIT_CORE, INIT_BUS, INIT_DEVICE, INIT_FS, INIT_LATE };
struct init_call {
	enum init_level level;
	const char *name;
	int (*fn)(void);
};
#define INIT_CALL(init_level, function)                                                                                \
	static const struct init_call init_call_##function = { init_level, #function, function };                      \
	LINKSET_ADD(init_call, &init_call_##function)

/* What the boot loader gave; constant after kernel_main() has started. */
extern const struct boot_info *boot_info;
