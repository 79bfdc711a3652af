/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entropy source: ChaCha20 with fast key erasure: the first half of each block is the next key, only the second
 * half leaves. That is what a small request gets; a larger one gets it as the key of a stream of its own, made without
 * the lock. Devices random and urandom.
 *
 * The nonce of every block is the cycle counter and, where the CPU has one, the word of its entropy instruction: copies
 * of a running machine that nobody tells of it, and so have the key in common, part at the first request. Who is told
 * (kernel/suspend.h) has a new key before that.
 *
 * A harness wants the same bytes each time and no secrets: after random_seed_fixed() they come from SplitMix64, which
 * costs a tenth.
 */
#include <kernel/random.h>

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include <kernel/vfs.h>

#include "random_internal.h"

#define KEY_WORDS RANDOM_KEY_WORDS
#define KEY_SIZE (KEY_WORDS * 4)
#define RESEED_NS (60 * NSEC_PER_SEC)
#define JITTER_ROUNDS 1024
#define JITTER_MEMORY 4096
#define MAJOR_MEM 1

uint32_t random_key[KEY_WORDS];
static uint64_t blocks;  /* given since boot */
static uint64_t reseeded_ns;
METRIC_COUNTED(random_blocks, "Blocks that the random number generator has given", &blocks);
METRIC_COUNTER(random_reseeds, "Times that it took fresh entropy of the CPU");
static bool seeded;  /* by more than the clock */
static bool fixed;
static uint64_t fixed_state;
static struct spinlock lock = SPINLOCK_INIT;

/* One block: replaces the key, gives KEY_SIZE bytes. Lock. */
static void next_block(uint32_t output[KEY_WORDS])
{
	uint32_t state[CHACHA20_BLOCK_WORDS], block[CHACHA20_BLOCK_WORDS];
	uint64_t word = 0, now = arch_cycles();

	arch_random(&word);
	word ^= now;
	chacha20_init(state, random_key);
	state[12] = (uint32_t)blocks;
	state[13] = (uint32_t)(blocks >> 32);
	memcpy(state + 14, &word, sizeof(word));
	blocks++;
	chacha20_block(block, state);
	memcpy(random_key, block, sizeof(random_key));
	memcpy(output, block + KEY_WORDS, KEY_SIZE);
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

/* ---- what goes in ---- */

/* Lock. */
static void mix_locked(const uint8_t *from, size_t len)
{
	uint8_t *into = (uint8_t *)random_key;
	uint32_t output[KEY_WORDS];

	for (size_t i = 0; i < len; i++) {
		if (i && i % sizeof(random_key) == 0)
			next_block(output);
		into[i % sizeof(random_key)] ^= from[i];
	}
	next_block(output);
	memset(output, 0, sizeof(output));
}

void random_mix(const void *data, size_t len)
{
	unsigned long flags = spin_lock(&lock);

	if (!fixed)
		mix_locked(data, len);
	spin_unlock(&lock, flags);
}

void random_seed(const void *data, size_t len)
{
	random_mix(data, len);
	if (len >= RANDOM_SEED_MIN)
		atomic_store(&seeded, true);
}

bool random_is_seeded(void)
{
	return atomic_load_relaxed(&seeded) || fixed;
}

/*
 * A key's worth from the CPU; false: it has no entropy instruction, or one that does not work: some have been seen to
 * give the same word for ever. Lock.
 */
static bool mix_cpu(void)
{
	uint64_t words[KEY_SIZE / sizeof(uint64_t)];

	for (size_t i = 0; i < array_size(words); i++) {
		if (!arch_random_seed(&words[i]) && !arch_random(&words[i]))
			return false;
		if (i && words[i] == words[i - 1])
			return false;
	}
	mix_locked((const uint8_t *)words, sizeof(words));
	return true;
}

/* How long the same few accesses to memory take, again and again: the last resort. Lock. */
static void mix_jitter(void)
{
	static volatile uint8_t memory[JITTER_MEMORY];
	uint64_t samples[4], last = arch_cycles();
	unsigned at = 0;

	for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
		uint64_t now;

		for (unsigned n = 0; n < 16; n++) {
			at = (at * 5 + 64 + memory[at]) % JITTER_MEMORY;
			memory[at]++;
		}
		now = arch_cycles();
		samples[i % array_size(samples)] = now << 32 ^ (now - last);
		last = now;
		if (i % array_size(samples) == array_size(samples) - 1)
			mix_locked((const uint8_t *)samples, sizeof(samples));
	}
}

/* Once in a while, whoever asks then. Lock. */
static void reseed(void)
{
	uint64_t now = clock_ns();

	if (now - reseeded_ns < RESEED_NS)
		return;
	reseeded_ns = now;
	metric_add(random_reseeds, mix_cpu());
}

/* ---- what comes out ---- */

void random_bytes(void *buf, size_t len)
{
	uint32_t output[KEY_WORDS], state[CHACHA20_BLOCK_WORDS], block[CHACHA20_BLOCK_WORDS];
	unsigned long flags;
	uint8_t *to = buf;

	if (fixed) {
		fixed_bytes(to, len);
		return;
	}
	flags = spin_lock(&lock);
	reseed();
	next_block(output);
	spin_unlock(&lock, flags);
	if (len <= sizeof(output)) {
		memcpy(to, output, len);
		memset(output, 0, sizeof(output));
		return;
	}
	chacha20_init(state, output);
	for (; len; state[12]++) {
		size_t n = min(len, sizeof(block));

		chacha20_block(block, state);
		memcpy(to, block, n);
		to += n;
		len -= n;
	}
	memset(output, 0, sizeof(output));
	memset(state, 0, sizeof(state));
	memset(block, 0, sizeof(block));
}

void random_seed_fixed(uint64_t seed)
{
	unsigned long flags = spin_lock(&lock);

	fixed_state = seed;
	fixed = true;
	spin_unlock(&lock, flags);
}

bool random_is_fixed(void)
{
	return fixed;
}

/* ---- start ---- */

static int random_init(void)
{
	uint64_t now = clock_realtime_ns();
	unsigned long flags = spin_lock(&lock);

	mix_locked((const uint8_t *)&now, sizeof(now));
	seeded = mix_cpu();
	if (!seeded)
		mix_jitter();
	spin_unlock(&lock, flags);
	return 0;
}
INIT_CALL(INIT_CORE, random_init);

/* All copies have the key in common: each mixes into it what no other one has. */
void random_rekey(void)
{
	unsigned long flags = spin_lock(&lock);

	if (!fixed) {
		if (!mix_cpu())
			mix_jitter();
		reseeded_ns = clock_ns();
	}
	spin_unlock(&lock, flags);
}
SUSPEND_CALL(SUSPEND_CORE, random, NULL, random_rekey, NULL);

/* Once devices had their chance. */
static int random_check(void)
{
	if (!random_is_seeded())
		log_warning("random: neither the CPU nor a device gives entropy; keyed from the clock's jitter alone");
	return 0;
}
INIT_CALL(INIT_LATE, random_check);

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
