/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key of the layout. Entry code calls this file before the image has been moved, at the address it was loaded to:
 * it is compiled to run anywhere, calls nothing outside, and has no pointers among its data.
 */
#include <arch/arch.h>
#include <instrumentation/layout/layout.h>
#include <kernel/chacha20.h>

#include "layout_internal.h"

/* With what runs before the image is moved. */
#pragma clang section text = ".text.boot"

#define JITTER_ROUNDS 128

static struct {
	uint32_t words[CHACHA20_KEY_WORDS];
	bool is_made, is_fixed;
} key;

void layout_state(uint32_t state[CHACHA20_BLOCK_WORDS], enum layout_region region, uint64_t n)
{
	state[0] = 0x61707865;
	state[1] = 0x3320646e;
	state[2] = 0x79622d32;
	state[3] = 0x6b206574;
	for (int i = 0; i < CHACHA20_KEY_WORDS; i++)
		state[4 + i] = key.words[i];
	state[12] = (uint32_t)n;
	state[13] = (uint32_t)(n >> 32);
	state[14] = region;
	state[15] = 0;
}

/* chacha_block(), not to be called yet, in little code: an emulator takes longer to translate it than to run it. */
static NOINLINE void block_of(uint32_t out[CHACHA20_BLOCK_WORDS], enum layout_region region, uint64_t n,
			      unsigned double_rounds)
{
	uint32_t state[CHACHA20_BLOCK_WORDS];

	layout_state(state, region, n);
	layout_state(out, region, n);
#pragma clang loop unroll(disable)
	for (unsigned i = 0; i < 8 * double_rounds; i++) {
		unsigned column = i % 4, shift = i / 4 % 2;

		chacha20_quarter(&out[column], &out[4 + (column + shift) % 4], &out[8 + (column + 2 * shift) % 4],
				 &out[12 + (column + 3 * shift) % 4]);
	}
#pragma clang loop unroll(disable)
	for (int i = 0; i < CHACHA20_BLOCK_WORDS; i++)
		out[i] += state[i];
}

/* The key becomes half a block of what it was with this in it. */
static void absorb(const uint64_t words[4])
{
	uint32_t out[CHACHA20_BLOCK_WORDS];

	for (int i = 0; i < 4; i++) {
		key.words[2 * i] ^= (uint32_t)words[i];
		key.words[2 * i + 1] ^= (uint32_t)(words[i] >> 32);
	}
	block_of(out, LAYOUT_REGIONS, 0, CHACHA20_DOUBLE_ROUNDS);
	for (int i = 0; i < CHACHA20_KEY_WORDS; i++)
		key.words[i] = out[i];
}

static void absorb_text(const char *text, size_t len)
{
	uint64_t words[4] = { 0 };

	for (size_t i = 0; i < len; i++) {
		words[i / 8 % 4] ^= (uint64_t)(uint8_t)text[i] << i % 8 * 8;
		if (i % 32 == 31) {
			absorb(words);
			words[0] = words[1] = words[2] = words[3] = 0;
		}
	}
	words[3] ^= (uint64_t)len << 56;
	absorb(words);
}

/* ---- the command line ---- */

static size_t word_len(const char *at)
{
	size_t len = 0;

	while (at[len] && at[len] != ' ')
		len++;
	return len;
}

/* The value of the last word of that name before the program's arguments; NULL: there is none. */
static const char *value_of(const char *line, const char *name, size_t name_len, size_t *len)
{
	const char *found = NULL;

	for (size_t n; *line; line += n + (line[n] == ' ')) {
		size_t same = 0;

		n = word_len(line);
		if (n == 2 && line[0] == '-' && line[1] == '-')
			break;
		while (same < name_len && line[same] == name[same])
			same++;
		if (same < name_len)
			continue;
		found = line + name_len;
		*len = n - name_len;
	}
	return found;
}

/* A harness's machine is the same each time: its inputs are compared across boots and worlds. */
static bool absorb_seed(const char *line)
{
	static const char seed_name[] = "layout=", harness_name[] = "harness=";
	const char *value;
	size_t len;

	value = value_of(line, seed_name, sizeof(seed_name) - 1, &len);
	if (!value && value_of(line, harness_name, sizeof(harness_name) - 1, &len)) {
		value = harness_name;
		len = sizeof(harness_name) - 1;
	}
	if (value)
		absorb_text(value, len);
	return value;
}

/* ---- entropy ---- */

static bool cpu_word(uint64_t *word, bool seed)
{
	bool ok = false;

	for (int tries = 0; tries < 32 && !ok; tries++) {
		if (seed)
			__asm__ volatile("rdseed %0" : "=r"(*word), "=@ccc"(ok));
		else
			__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(ok));
	}
	return ok;
}

static struct cpuid_result {
	uint32_t a, b, c, d;
} cpuid(uint32_t leaf)
{
	struct cpuid_result r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
	return r;
}

static void absorb_cpu(void)
{
	bool has_rdrand = cpuid(1).c >> 30 & 1, has_rdseed = cpuid(0).a >= 7 && (cpuid(7).b >> 18 & 1);
	uint64_t words[4] = { 0 };

	for (int i = 0; i < 4; i++)
		if (!(has_rdseed && cpu_word(&words[i], true)) && has_rdrand)
			cpu_word(&words[i], false);
	absorb(words);
}

/*
 * When this is, and how long the same few instructions take, among them one that a hypervisor has to do: what a machine
 * without an entropy instruction has.
 */
static void absorb_jitter(void)
{
	uint64_t words[4] = { 0 }, last = arch_cycles();

	words[0] = last;
	for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
		uint64_t now;

		cpuid(0);
		now = arch_cycles();
		words[i % 4] = (words[i % 4] << 7 | words[i % 4] >> 57) ^ (now - last) ^ now << 32;
		last = now;
		if (i % 32 == 31)
			absorb(words);
	}
}

/* ---- what others call ---- */

void layout_key_init(const char *command_line)
{
	if (key.is_made)
		return;
	key.is_made = true;
	key.is_fixed = command_line && absorb_seed(command_line);
	if (key.is_fixed)
		return;
	absorb_cpu();
	absorb_jitter();
}

void layout_key_absorb(const void *secret, size_t size)
{
	absorb_text(secret, size);
}

bool layout_is_fixed(void)
{
	return key.is_fixed;
}

uint64_t layout_word(enum layout_region region, uint64_t n)
{
	uint32_t out[CHACHA20_BLOCK_WORDS];

	block_of(out, region, n, LAYOUT_DOUBLE_ROUNDS);
	return (uint64_t)out[1] << 32 | out[0];
}
