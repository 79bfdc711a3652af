/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A function pointer in an object on the heap, by an overflow of the object before it. Many pairs of both are made, as
 * connections make them, so that some buffer lies before some object, in whatever order the heap gives its blocks.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define PAIRS 48
#define SIZE 240

struct watch {
	long (*changed)(struct watch *watch, uint64_t value);
	uint64_t total;
	uint8_t rest[SIZE - 16];
};

static uint8_t *buffers[PAIRS];
static struct watch *watches[PAIRS];

static long add(struct watch *watch, uint64_t value)
{
	watch->total += value;
	return (long)watch->total;
}

static bool make(void)
{
	for (int i = 0; i < PAIRS; i++) {
		buffers[i] = heap_zalloc(SIZE);
		watches[i] = heap_zalloc(sizeof(*watches[i]));
		if (!buffers[i] || !watches[i])
			return false;
		watches[i]->changed = add;
	}
	return true;
}

/* The mistake: len is the sender's. */
static NOINLINE void receive(uint8_t *buffer, const void *message, size_t len)
{
	memcpy(attack_opaque(buffer), message, len);
}

static NOINLINE long tell(uint64_t value)
{
	long sum = 0;

	for (int i = 0; i < PAIRS; i++)
		sum += attack_opaque(watches[i])->changed(watches[i], value);
	return sum;
}

static bool benign(const struct attack *attack)
{
	bool right;

	if (!make())
		return false;
	receive(buffers[0], "hello", 6);
	right = tell(2) == 2 * PAIRS && !strcmp((const char *)buffers[0], "hello");
	for (int i = 0; i < PAIRS; i++) {
		heap_free(buffers[i]);
		heap_free(watches[i]);
	}
	return right;
}

/* Blocks are multiples of 16 bytes: SIZE and what the heap adds in a checked image is known from its source. */
#define BLOCK 256

static void overflow(const struct attack *attack, uintptr_t slide)
{
	uint64_t message[(BLOCK + 8) / 8];

	if (!make())
		attack_failed(attack, "no memory");
	memset(message, 0, sizeof(message));
	message[BLOCK / 8] = attack_linked_code(attack_goal) + slide;
	attack_primitive(attack);
	for (int i = 0; i < PAIRS; i++)
		receive(buffers[i], message, sizeof(message));
	tell(1);
}
ATTACK_BODY(overflow)

ATTACK(fptr_heap, .family = "function pointer", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "kcfi layout", .about = "an overflow from one object of the heap into the next one's callback",
       .run = run, .benign = benign, .adaptive = adaptive);
