/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entropy source: ChaCha20 (RFC 8439, section 2.3) with fast key erasure: the first half of each block is the next
 * key, only the second half is given out. Devices random and urandom.
 *
 * A harness wants the same bytes each time and no secrets: after random_seed_fixed() they come from SplitMix64, which
 * costs a tenth.
 */
#include <kernel/random.h>

#include <arch/arch.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#define KEY_WORDS 8
#define BLOCK_WORDS 16
#define OUTPUT_SIZE (KEY_WORDS * 4)
#define JITTER_ROUNDS 64
#define MAJOR_MEM 1

static uint32_t key[KEY_WORDS];
static uint64_t blocks;  /* given since boot: the block counter and nonce */
static bool fixed;
static uint64_t fixed_state;
static struct spinlock lock = SPINLOCK_INIT;

static inline uint32_t rotate(uint32_t x, unsigned n)
{
	return (x << n) | (x >> (32 - n));
}

static inline void quarter_round(uint32_t s[BLOCK_WORDS], unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

static void chacha_block(uint32_t out[BLOCK_WORDS], const uint32_t in[BLOCK_WORDS])
{
	memcpy(out, in, BLOCK_WORDS * sizeof(*out));
	for (int i = 0; i < 10; i++) {
		quarter_round(out, 0, 4, 8, 12);
		quarter_round(out, 1, 5, 9, 13);
		quarter_round(out, 2, 6, 10, 14);
		quarter_round(out, 3, 7, 11, 15);
		quarter_round(out, 0, 5, 10, 15);
		quarter_round(out, 1, 6, 11, 12);
		quarter_round(out, 2, 7, 8, 13);
		quarter_round(out, 3, 4, 9, 14);
	}
	for (int i = 0; i < BLOCK_WORDS; i++)
		out[i] += in[i];
}

/* One block: replaces the key, gives OUTPUT_SIZE bytes. Lock held. */
static void next_block(uint8_t output[OUTPUT_SIZE])
{
	uint32_t state[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, block[BLOCK_WORDS];

	memcpy(state + 4, key, sizeof(key));
	state[12] = (uint32_t)blocks;
	state[13] = (uint32_t)(blocks >> 32);
	blocks++;
	chacha_block(block, state);
	memcpy(key, block, sizeof(key));
	memcpy(output, block + KEY_WORDS, OUTPUT_SIZE);
	memset(block, 0, sizeof(block));
}

static void fixed_bytes(uint8_t *to, size_t len)
{
	unsigned long flags = spin_lock(&lock);

	while (len) {
		uint64_t x = fixed_state += UINT64_C(0x9e3779b97f4a7c15);
		size_t n = min(len, sizeof(x));

		x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
		x ^= x >> 31;
		memcpy(to, &x, n);
		to += n;
		len -= n;
	}
	spin_unlock(&lock, flags);
}

void random_bytes(void *buf, size_t len)
{
	uint8_t output[OUTPUT_SIZE], *to = buf;

	if (fixed) {
		fixed_bytes(to, len);
		return;
	}
	while (len) {
		size_t n = min(len, (size_t)OUTPUT_SIZE);
		unsigned long flags = spin_lock(&lock);

		next_block(output);
		spin_unlock(&lock, flags);
		memcpy(to, output, n);
		to += n;
		len -= n;
	}
	memset(output, 0, sizeof(output));
}

void random_mix(const void *data, size_t len)
{
	const uint8_t *from = data;
	uint8_t output[OUTPUT_SIZE], *into = (uint8_t *)key;
	unsigned long flags = spin_lock(&lock);

	for (size_t i = 0; i < len && !fixed; i++) {
		if (i && i % sizeof(key) == 0)
			next_block(output);
		into[i % sizeof(key)] ^= from[i];
	}
	if (!fixed)
		next_block(output);
	spin_unlock(&lock, flags);
}

void random_seed_fixed(uint64_t seed)
{
	unsigned long flags = spin_lock(&lock);

	fixed_state = seed;
	fixed = true;
	spin_unlock(&lock, flags);
}

static int random_init(void)
{
	for (int i = 0; i < JITTER_ROUNDS; i++) {
		uint64_t sample[2] = { arch_cycles(), 0 };

		arch_random(&sample[1]);
		random_mix(sample, sizeof(sample));
	}
	return 0;
}
INIT_CALL(INIT_CORE, random_init);

/* ---- devices ---- */

#define DEVICE_CHUNK 256

static ssize_t random_read(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	uint8_t chunk[DEVICE_CHUNK];
	ssize_t total = 0;

	while (io->remaining) {
		size_t len = min(io->remaining, sizeof(chunk));
		ssize_t n;

		random_bytes(chunk, len);
		n = io_put(io, chunk, len);
		if (n > 0)
			total += n;
		if (n != (ssize_t)len)
			return total ? total : n;
	}
	return total;
}

static ssize_t random_write(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	uint8_t chunk[DEVICE_CHUNK];
	ssize_t total = 0;

	while (io->remaining) {
		size_t len = min(io->remaining, sizeof(chunk));
		ssize_t n = io_get(io, chunk, len);

		if (n > 0) {
			random_mix(chunk, (size_t)n);
			total += n;
		}
		if (n != (ssize_t)len)
			return total ? total : n;
	}
	return total;
}

#define RNDGETENTCNT 0x80045200u
#define POOL_BITS 256

static long random_ioctl(struct file *file UNUSED, unsigned command, user_ptr_t argument)
{
	const int bits = POOL_BITS;

	return command == RNDGETENTCNT ? user_write(argument, &bits) : -EINVAL;
}

static const struct file_ops random_fops = {
	.read = random_read,
	.write = random_write,
	.seek = file_seek_zero,
	.ioctl = random_ioctl,
};
static const struct char_device random_device = { "random", MAJOR_MEM, 8, 0666, &random_fops };
static const struct char_device urandom_device = { "urandom", MAJOR_MEM, 9, 0666, &random_fops };
CHAR_DEVICE(random_device);
CHAR_DEVICE(urandom_device);
