/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rest of the CPU contract that a test can see: interrupt flag, addresses, registers, counters.
 */
#include <arch/arch.h>
#include <kernel/crash_abi.h>
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/test.h>

TEST(irq_state_nests)
{
	unsigned long outer = arch_irq_save(), inner;

	CHECK(!arch_irq_enabled());
	inner = arch_irq_save();
	arch_irq_restore(inner);
	CHECK(!arch_irq_enabled());
	arch_irq_restore(outer);
	CHECK(arch_irq_enabled());
}

TEST(direct_map_goes_both_ways)
{
	struct page *page = page_alloc(0);
	void *virt;

	CHECK(page);
	virt = arch_phys_to_virt(page_phys(page));
	CHECK(virt == page_virt(page));
	CHECK_EQ(arch_virt_to_phys(virt), page_phys(page));
	CHECK_EQ(arch_virt_to_phys((char *)virt + 123), page_phys(page) + 123);
	page_free(page, 0);
}

TEST(image_data_has_a_physical_address)
{
	static volatile uint32_t word;
	volatile uint32_t *alias = arch_phys_to_virt(arch_virt_to_phys((const void *)&word));

	word = 1;
	CHECK_EQ(*alias, 1);
	*alias = 2;
	CHECK_EQ(word, 2);
}

TEST(regs_of_a_new_program)
{
	struct arch_regs regs;
	uint64_t words[CRASH_REGS + 2];

	memset(&regs, 0xff, sizeof(regs));
	arch_regs_init_user(&regs, 0x401000, 0x7fff0000);
	CHECK_EQ(arch_regs_pc(&regs), 0x401000);
	CHECK_EQ(arch_regs_sp(&regs), 0x7fff0000);
	CHECK_EQ(arch_regs_fp(&regs), 0);
	memset(words, 0xff, sizeof(words));
	arch_regs_export(&regs, words, array_size(words));
	CHECK_EQ(words[7], 0x7fff0000);  /* rsp */
	CHECK_EQ(words[16], 0x401000);  /* rip */
	CHECK_EQ(words[0], 0);
	CHECK_EQ(words[CRASH_REGS + 1], 0);
}

TEST(cycles_go_on)
{
	uint64_t start = arch_cycles();

	for (volatile int i = 0; i < 1000; i++)
		;
	CHECK(arch_cycles() > start);
	CHECK(strlen(arch_cpu_name()) > 0);
}

static unsigned times_reached;

static void reached(void)
{
	times_reached++;
}

static NOINLINE void place(void)
{
	__asm__ volatile("" ::: "memory");
}

TEST(a_breakpoint_is_met_once)
{
	unsigned long flags = arch_irq_save();
	int err = arch_break_once((uint64_t)place, reached);
	unsigned at_first, at_last;

	times_reached = 0;
	if (!err)
		place();
	at_first = times_reached;
	if (!err)
		place();
	at_last = times_reached;
	arch_irq_restore(flags);
	if (err) {
		CHECK_EQ(err, -ENOSYS);
		test_skip("this CPU has no breakpoints");
		return;
	}
	CHECK_EQ(at_first, 1);
	CHECK_EQ(at_last, 1);
}
