/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a comparison stops: a password is compared byte by byte with the program's memory, which ends behind the byte
 * that is being guessed. Whether the next one was looked at is told by the fault (as in TENEX, 1974). A negative
 * control.
 */
#include "attacks.h"

#include <kernel/systest.h>

/* The mistake: it says why. 0; -EACCES: it is another one; -EFAULT. */
static NOINLINE int check(user_ptr_t password)
{
	uint64_t right = attack_secret();
	const uint8_t *bytes = attack_opaque((const uint8_t *)&right);
	uint8_t byte;

	for (size_t i = 0; i < sizeof(right); i++) {
		if (user_read(&byte, password + i))
			return -EFAULT;
		if (byte != bytes[i])
			return -EACCES;
	}
	return 0;
}

static void honest(void *result)
{
	uint64_t secret = attack_secret(), other = ~secret;

	*(bool *)result = !check(systest_value(0, &secret)) && check(systest_value(0, &other)) == -EACCES;
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(honest, &right) && right;
}

static void hostile(void *arg)
{
	uint8_t guess[8] = { 0 };
	uint64_t secret;

	attack_primitive(arg);
	for (size_t known = 0; known < sizeof(guess); known++) {
		size_t at = SYSTEST_MEM_SIZE - known - 1;
		int err = -EACCES;

		for (unsigned byte = 0; byte < 256 && err == -EACCES; byte++) {
			guess[known] = (uint8_t)byte;
			err = check(systest_put(at, guess, known + 1));
		}
		if (err == -EACCES)
			attack_failed(arg, "no byte fits");
	}
	memcpy(&secret, guess, sizeof(secret));
	attack_won(secret);
}

static void run(const struct attack *attack)
{
	attack_in_process(hostile, (void *)(uintptr_t)attack);
}

ATTACK(oracle, .family = "side channel", .primitive = HOSTILE_PROGRAM, .knowledge = BLIND, .stopped_by = "",
       .about = "a fault tells how far a comparison came: a negative control", .run = run, .benign = benign);
