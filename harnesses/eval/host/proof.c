/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The proof of a goal: SipHash-2-4 (Aumasson and Bernstein, 2012) of the attack's name, keyed by the nonce, as
 * harnesses/attacks makes it. Written again: a host program sees nothing of the kernel but its ABI, and the judge takes
 * no code from the judged. Both are held to the published vectors.
 */
#include "eval.h"
#include "judge.h"

#include <string.h>
#include <sys/random.h>

#define KEY_MASK UINT64_C(0x73616b695f617474)
#define NAME_WORDS 16

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned count)
{
	while (count--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

uint64_t siphash(const uint64_t key[2], const uint64_t *words, size_t count)
{
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
			  key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
	uint64_t last = (uint64_t)(count * 8) << 56;

	for (size_t i = 0; i <= count; i++) {
		uint64_t word = i < count ? words[i] : last;

		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t attack_proof(uint64_t nonce, const char *name)
{
	const uint64_t key[2] = { nonce, nonce ^ KEY_MASK };
	uint64_t words[NAME_WORDS] = { 0 };
	size_t len = strnlen(name, sizeof(words));

	memcpy(words, name, len);
	return siphash(key, words, (len + 7) / 8);
}

uint64_t fresh_nonce(void)
{
	uint64_t nonce = 0;

	while (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		;
	return nonce;
}
