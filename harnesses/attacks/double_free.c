/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Double free: the second one counts a block of the slab that is somebody else's, until the heap takes the slab for
 * empty and gives its page back, where an object still lives. The page becomes a message of the attacker's. The heap of
 * every build finds frees of what is free, so there is nothing to be seen without that.
 */
#include "attacks.h"

#include <kernel/heap.h>
#include <kernel/page.h>

#define SIZE 1300 /* three blocks a page */
#define OBJECTS 24
#define PAGES 512

struct job {
	uint8_t data[SIZE - 16];
	long (*done)(struct job *job, int how);
	uint64_t id;
};

static long done(struct job *job, int how)
{
	return (long)job->id + how;
}

static NOINLINE struct job *job_new(uint64_t id)
{
	struct job *job = heap_zalloc(sizeof(*job));

	if (job) {
		job->done = done;
		job->id = id;
	}
	return job;
}

/* The mistake: on an error a job is freed by who made it, and by who was given it. */
static NOINLINE void job_fail(struct job *job, bool is_mine)
{
	heap_free(job);
	if (attack_opaque(is_mine))
		heap_free(job);
}

static NOINLINE long job_finish(struct job *job)
{
	return attack_opaque(job)->done(job, 1);
}

static bool benign(const struct attack *attack)
{
	struct job *job = job_new(2);
	bool right;

	if (!job)
		return false;
	right = job_finish(job) == 3;
	job_fail(job, false);
	return right;
}

/* Pages that hold the attacker's bytes: each word of them is the goal. */
static void send_pages(uintptr_t goal)
{
	for (int i = 0; i < PAGES; i++) {
		struct page *page = page_alloc(0);
		uint64_t *words = page ? page_virt(page) : NULL;

		for (size_t j = 0; words && j < PAGE_SIZE / 8; j++)
			words[j] = goal;
	}
}

static void use(const struct attack *attack, uintptr_t slide)
{
	struct job *jobs[OBJECTS];

	for (int i = 0; i < OBJECTS; i++)
		if (!(jobs[i] = job_new((uint64_t)i)))
			attack_failed(attack, "no memory");
	/* Slabs of three: one of each is freed twice, and another one once, and one is still there. */
	attack_primitive(attack);
	for (int i = 0; i + 2 < OBJECTS; i += 3) {
		job_fail(jobs[i], true);
		job_fail(jobs[i + 1], false);
	}
	send_pages(attack_linked_code(attack_goal) + slide);
	for (int i = 2; i < OBJECTS; i += 3)
		job_finish(jobs[i]);
}
ATTACK_BODY(use)

ATTACK(double_free, .family = "bad free", .primitive = BAD_FREE, .knowledge = LAYOUT_KNOWN, .stopped_by = "heap",
       .aims_at = "heap", .about = "a slab that is not empty is given back, an object in it and all", .run = run,
       .benign = benign, .adaptive = adaptive);
