/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A function pointer among the kernel's data, by an arbitrary write.
 */
#include "attacks.h"

static long count(const char *what, size_t len)
{
	return what[0] ? (long)len : 0;
}

static long (*hook)(const char *what, size_t len) = count;

static NOINLINE long call_hook(const char *what)
{
	return (*attack_opaque(&hook))(what, strlen(what));
}

static bool benign(const struct attack *attack)
{
	uint64_t word = 0;

	attack_write((uintptr_t)&word, "program", 8);
	return word && call_hook("four") == 4;
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	attack_primitive(attack);
	attack_write64(attack_linked(&hook) + slide, attack_linked_code(attack_goal) + slide);
	call_hook("four");
}

static void run(const struct attack *attack)
{
	overwrite(attack, attack_leaked_slide());
}

ATTACK(fptr_data, .family = "function pointer", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "kcfi", .about = "a hook among the kernel's data", .run = run, .benign = benign);
