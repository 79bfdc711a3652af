/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secrets that copies of a machine share: a stack protector's guard is leaked by an answer that is too long, the
 * machine is copied, and in the copy a new thread is attacked with what was leaked in the original. What a copy does
 * before anybody runs is done here in place.
 */
#include "attacks.h"

#include <kernel/suspend.h>

#define ROOM 512

LINKSET_DECLARE(suspend_call);

static struct attack_frame frame;

/* The mistakes: both lengths are the sender's. */
static NOINLINE unsigned echo(const uint8_t *request, size_t len, uint8_t *answer, size_t wanted)
{
	uint8_t copy[64] = { 0 };
	uint8_t *data = attack_opaque(&copy[0]);

	attack_frame_note(&frame, copy);
	memcpy(data, request, len);
	memcpy(answer, data, wanted);
	return data[0];
}

static bool benign(const struct attack *attack)
{
	uint8_t request[8] = { 9 }, answer[8];

	return echo(request, sizeof(request), answer, sizeof(answer)) == 9 && answer[0] == 9;
}

static void copy_machine(void)
{
	unsigned long irq = arch_irq_save();

	LINKSET_FOREACH(suspend_call, const struct suspend_call, call)
		if (call->level == SUSPEND_CORE && call->copied)
			call->copied();
	arch_irq_restore(irq);
}

static uint8_t message[ROOM];
static size_t end;

static void leak(void *arg)
{
	uint8_t request[8] = { 9 };

	echo(request, sizeof(request), message, 8);
	end = (size_t)frame.to_return + sizeof(uint64_t);
	echo(request, sizeof(request), message, end);
}

static void overflow(void *arg)
{
	uint8_t answer[8];

	echo(message, end, answer, sizeof(answer));
}

static void run(const struct attack *attack)
{
	uint64_t goal = attack_linked_code(attack_goal) + attack_leaked_slide();

	if (!attack_in_thread(leak, NULL))
		attack_failed(attack, "no memory");
	memcpy(message + frame.to_return, &goal, sizeof(goal));
	copy_machine();
	attack_primitive(attack);
	attack_in_thread(overflow, NULL);
}

ATTACK(clone_canary, .family = "clones", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "stackprotector shadowstack", .aims_at = "stackprotector",
       .about = "a guard leaked before the machine was copied is used in a copy", .run = run, .benign = benign);
