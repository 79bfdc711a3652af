/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a function leaves in registers: a function pointer that is called without arguments is made to lead to a
 * function that sends its argument to the program. That is then what a function before, which worked with a key, has
 * left in the register.
 */
#include "attacks.h"

static volatile uint64_t sent;

static NOINLINE void send(uint64_t word)
{
	sent = attack_opaque(word);
}

static NOINLINE uint64_t derive(uint64_t key, uint64_t with)
{
	return attack_opaque(key) + with;
}

static unsigned ticks;

static void tick(void)
{
	ticks++;
}

static void (*hook)(void) = tick;

static NOINLINE void serve(void)
{
	derive(attack_secret(), 1);
	(*attack_opaque(&hook))();
}

static bool benign(const struct attack *attack)
{
	serve();
	send(4);
	return ticks == 1 && sent == 4;
}

static void use(const struct attack *attack, uintptr_t slide)
{
	attack_primitive(attack);
	attack_write64(attack_linked(&hook) + slide, attack_linked_code(send) + slide);
	serve();
	attack_won(sent);
}

static void run(const struct attack *attack)
{
	use(attack, attack_leaked_slide());
}

ATTACK(stale_registers, .family = "uninitialised read", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "zeroregs kcfi", .about = "a register still holds a key when a hook is called", .run = run,
       .benign = benign);
