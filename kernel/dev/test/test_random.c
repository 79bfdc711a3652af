/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entropy source never repeats itself by chance. That a fixed seed repeats is seen by harnesses: fixing is for
 * good.
 */
#include <kernel/random.h>
#include <kernel/string.h>
#include <kernel/test.h>

#include "../random_internal.h"

TEST(random_does_not_repeat)
{
	uint8_t a[100], b[100];

	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	CHECK(memcmp(a, a + 64, 36) != 0);
}

TEST(random_is_balanced)
{
	uint8_t bytes[1024];
	unsigned ones = 0;

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		ones += (unsigned)__builtin_popcount(bytes[i]);
	/* 4096 expected, standard deviation 45: ten of them on either side. */
	CHECK(ones > 3646 && ones < 4546);
}

TEST(random_fills_exactly)
{
	uint8_t bytes[40];

	memset(bytes, 0xaa, sizeof(bytes));
	random_bytes(bytes + 4, 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		CHECK_EQ(bytes[i], 0xaa);
	random_bytes(bytes + 4, 32);
	CHECK_EQ(bytes[3], 0xaa);
	CHECK_EQ(bytes[36], 0xaa);
}

/* Two copies of a machine begin with the same key. */
TEST(random_copies_part)
{
	uint32_t common[RANDOM_KEY_WORDS], first[RANDOM_KEY_WORDS];
	unsigned same_as_common = 0, same_as_first = 0;

	memcpy(common, random_key, sizeof(common));
	random_rekey();
	memcpy(first, random_key, sizeof(first));
	memcpy(random_key, common, sizeof(common));
	random_rekey();
	for (unsigned i = 0; i < RANDOM_KEY_WORDS; i++) {
		same_as_common += random_key[i] == common[i];
		same_as_first += random_key[i] == first[i];
	}
	CHECK_EQ(same_as_common, 0);
	CHECK_EQ(same_as_first, 0);
}

/* What the maker of a copy hands over is enough to part them. */
TEST(random_mixed_in_changes_the_key)
{
	uint32_t before[RANDOM_KEY_WORDS];
	const uint64_t words[4] = { 1, 2, 3, 4 };

	memcpy(before, random_key, sizeof(before));
	random_mix(words, sizeof(words));
	CHECK(memcmp(before, random_key, sizeof(before)) != 0);
}
