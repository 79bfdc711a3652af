/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 against the vectors that its authors publish.
 */
#include <kernel/siphash.h>
#include <kernel/test.h>

TEST(siphash_of_published_vectors)
{
	static const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	static const uint64_t words[1] = { UINT64_C(0x0706050403020100) };

	CHECK_EQ(siphash(key, words, 0), UINT64_C(0x726fdb47dd0e0e31));
	CHECK_EQ(siphash(key, words, 1), UINT64_C(0x93f5f5799a932462));
}
