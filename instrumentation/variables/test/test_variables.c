/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A local variable that nobody has written holds nothing of who was on that stack before.
 */
#include <kernel/string.h>
#include <kernel/test.h>

#define SIZE 512

static NOINLINE void leave(volatile char *place)
{
	for (size_t i = 0; i < SIZE; i++)
		place[i] = 0x5a;
}

static NOINLINE void leave_on_stack(void)
{
	char secret[SIZE];

	leave(secret);
}

static NOINLINE size_t count_of(const volatile char *place)
{
	size_t count = 0;

	for (size_t i = 0; i < SIZE; i++)
		count += place[i] != 0;
	return count;
}

static NOINLINE size_t found_on_stack(void)
{
	char found[SIZE];

	return count_of(found);
}

TEST(local_variables_begin_as_zeros)
{
	leave_on_stack();
	CHECK_EQ(found_on_stack(), 0);
}
