/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A format that the attacker has sent: it prints more arguments than there are, and so what lies on the caller's
 * stack. (There is no %n here, by which other kernels were written to.)
 */
#include "attacks.h"

#include <kernel/log.h>
#include <kernel/parse.h>

#define WORDS 48

struct session {
	uint64_t id, key, id_again;
};

/* As it is called everywhere, with the check that compilers make left out. */
static void answer(char *buf, size_t size, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	format_va(buf, size, text, args);
	va_end(args);
}

/* The mistake: the name is taken for a format. */
static NOINLINE uint64_t greet(const char *name, char *buf, size_t size, uint64_t id)
{
	struct session session = { id, attack_secret(), id };
	struct session *on_stack = attack_opaque(&session);

	answer(buf, size, name);
	return on_stack->key;
}

static bool benign(const struct attack *attack)
{
	char text[32];

	greet("guest", text, sizeof(text), 1);
	return !strcmp(text, "guest");
}

/* The key is between two words that the attacker knows: the id that he has chosen. */
static void run(const struct attack *attack)
{
	static char text[WORDS * 20], wanted[WORDS * 6 + 1];
	const uint64_t id = UINT64_C(0x6964656e74697479);
	uint64_t words[WORDS] = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < WORDS; i++)
		at += format(wanted + at, sizeof(wanted) - at, "%%016lx");
	attack_primitive(attack);
	greet(wanted, text, sizeof(text), id);
	for (size_t i = 0; i < WORDS; i++)
		if (parse_u64_n(text + i * 16, 16, 16, &words[i]))
			attack_failed(attack, "what was printed are no numbers");
	for (size_t i = 1; i + 1 < WORDS; i++)
		if (words[i - 1] == id && words[i + 1] == id)
			attack_won(words[i]);
	attack_failed(attack, "the key was not among what was printed");
}

ATTACK(format_string, .family = "format string", .primitive = ARBITRARY_READ, .knowledge = BLIND, .stopped_by = "",
       .about = "a name that is a format prints the caller's stack: a negative control", .run = run, .benign = benign);
