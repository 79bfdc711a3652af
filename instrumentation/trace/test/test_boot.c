/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times of the boot: what came before the clock's start is before it.
 */
#include "../boot_internal.h"

#include <kernel/test.h>

#define SCALE_2GHZ (UINT64_C(1) << 31) /* half a nanosecond a cycle */

TEST(boot_times_have_a_sign)
{
	CHECK_EQ(boot_cycles_to_ns(0, SCALE_2GHZ), 0);
	CHECK_EQ(boot_cycles_to_ns(2000, SCALE_2GHZ), 1000);
	CHECK_EQ(boot_cycles_to_ns(-2000, SCALE_2GHZ), -1000);
	CHECK_EQ(boot_cycles_to_ns(1, SCALE_2GHZ), 0);
	CHECK_EQ(boot_cycles_to_ns(-1, SCALE_2GHZ), -1);
	/* Hours of cycles: the product does not fit into a word. */
	CHECK_EQ(boot_cycles_to_ns(INT64_C(1) << 50, SCALE_2GHZ), INT64_C(1) << 49);
	CHECK_EQ(boot_cycles_to_ns(-(INT64_C(1) << 50), SCALE_2GHZ), -(INT64_C(1) << 49));
}
