/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order in which a suspension asks everybody: down before it, up after it.
 */
#include <arch/arch.h>
#include <kernel/errno.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include <kernel/test.h>
#include <plat/plat.h>

#include "../core_internal.h"

static char said[64];
static size_t said_len;
static bool listening;

static void say(char what, char who)
{
	if (!listening || said_len + 3 > sizeof(said))
		return;
	said[said_len++] = what;
	said[said_len++] = who;
	said[said_len] = '\0';
}

#define WHO(name, letter)                                                                                              \
	static void before_##name(void)                                                                                \
	{                                                                                                              \
		say('<', letter);                                                                                      \
	}                                                                                                              \
	static void copied_##name(void)                                                                                \
	{                                                                                                              \
		say('=', letter);                                                                                      \
	}                                                                                                              \
	static void after_##name(bool copied)                                                                          \
	{                                                                                                              \
		say(copied ? '>' : ')', letter);                                                                       \
	}

WHO(test_a, 'a')
WHO(test_b, 'b')
WHO(test_c, 'c')
/* Not in their order; c is above the others, and of a level the name decides. */
SUSPEND_CALL(SUSPEND_NETWORK, test_c, before_test_c, copied_test_c, after_test_c);
SUSPEND_CALL(SUSPEND_BUS, test_b, before_test_b, copied_test_b, after_test_b);
SUSPEND_CALL(SUSPEND_BUS, test_a, before_test_a, copied_test_a, after_test_a);

static void begin(void)
{
	said_len = 0;
	said[0] = '\0';
	listening = true;
}

TEST(suspend_goes_down_and_up)
{
	begin();
	suspend_calls_before();
	suspend_calls_after(false);
	listening = false;
	CHECK_STR(said, "<c<b<a)a)b)c");
}

TEST(suspend_tells_a_copy_at_once)
{
	unsigned long flags;

	/* Where devices would believe it, it is tested for real (fuzz/xen/test). */
	if (plat->suspend)
		return;
	begin();
	suspend_calls_before();
	flags = arch_irq_save();
	suspend_calls_copied();
	arch_irq_restore(flags);
	suspend_calls_after(true);
	listening = false;
	CHECK_STR(said, "<c<b<a=a=b=c>a>b>c");
}

TEST(suspend_where_nobody_would_go_on)
{
	begin();
	if (!plat->suspend)
		CHECK_EQ(machine_suspend(), -EOPNOTSUPP);
	listening = false;
	CHECK_STR(said, "");
}
