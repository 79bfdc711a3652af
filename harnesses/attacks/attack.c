/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the attack that the command line names, and says what came of it: see kernel/attack.h.
 */
#include "attacks.h"

#include <kernel/boot.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/power.h>
#include <kernel/random.h>
#include <kernel/siphash.h>

#define STATUS_USAGE 122
#define STATUS_NO_ATTACK 127
#define NAME_WORDS 16
#define NONCE_DIGITS 16

LINKSET_DECLARE(attack);

static const char *const primitives[ATTACK_PRIMITIVES] = {
	[LINEAR_OVERFLOW] = "linear overflow",	   [RELATIVE_WRITE] = "relative write",
	[ARBITRARY_WRITE] = "arbitrary write",	   [ARBITRARY_READ] = "arbitrary read",
	[USE_AFTER_FREE] = "use after free",	   [BAD_FREE] = "bad free",
	[HOSTILE_DEVICE] = "hostile device",	   [HOSTILE_PROGRAM] = "hostile program",
	[UNINITIALISED_READ] = "uninitialised read", [LOGIC] = "logic",
};
static const char *const knowledges[ATTACK_KNOWLEDGES] = {
	[LAYOUT_KNOWN] = "layout known", [LAYOUT_LEAKED] = "layout leaked", [BLIND] = "blind"
};

/* An attack aims at a defence that is there. */
static const struct {
	const char *name;
	bool is_on;
} defences[] = {
	{ "stackprotector", IS_ENABLED(CONFIG_STACK_PROTECTOR) },
	{ "shadowstack", IS_ENABLED(CONFIG_SHADOW_STACK) },
	{ "kcfi", IS_ENABLED(CONFIG_KCFI) },
	{ "heap", IS_ENABLED(CONFIG_HEAP_HARDENING) },
	{ "wx", IS_ENABLED(CONFIG_WX) },
	{ "guard", IS_ENABLED(CONFIG_GUARD_PAGES) },
	{ "readonly", IS_ENABLED(CONFIG_READ_ONLY_AFTER_INIT) },
	{ "pks", IS_ENABLED(CONFIG_PROTECTION_KEYS) },
	{ "tableview", IS_ENABLED(CONFIG_TABLE_VIEW) },
	{ "filter", IS_ENABLED(CONFIG_SYSCALL_FILTER) },
	{ "layout", IS_ENABLED(CONFIG_LAYOUT) },
};

static const struct attack *chosen;
static uint64_t nonce, secret;

uint64_t attack_proof(uint64_t key_nonce, const char *name)
{
	const uint64_t key[2] = { key_nonce, key_nonce ^ ATTACK_PROOF_MASK };
	uint64_t words[NAME_WORDS] = { 0 };
	size_t len = strnlen(name, sizeof(words));

	memcpy(words, name, len);
	return siphash(key, words, (len + 7) / 8);
}

/* Whoever comes here may have come by any way: on any stack, and with registers of no meaning. */
void attack_goal(void)
{
	arch_irq_disable();
	log_printf("attack: goal %016lx\n", attack_proof(nonce, chosen->name));
	power_off(0);
}

uint64_t attack_secret(void)
{
	return secret;
}

void attack_won(uint64_t evidence)
{
	if (evidence != secret)
		attack_failed(chosen, "what it has is not the secret");
	attack_goal();
}

void attack_primitive(const struct attack *attack)
{
	log_printf("attack: %s primitive\n", attack->name);
}

void attack_failed(const struct attack *attack, const char *reason)
{
	log_printf("attack: %s failed: %s\n", attack->name, reason);
	power_off(0);
}

void attack_not_applicable(const struct attack *attack, const char *reason)
{
	log_printf("attack: %s not applicable: %s\n", attack->name, reason);
	power_off(0);
}

static NORETURN void list(void)
{
	LINKSET_FOREACH(attack, const struct attack, a)
		log_printf("attack-list: %s\t%s\t%s\t%s\t%u\t%s\t%s\t%s%s\t%s\n", a->name, a->family,
			   primitives[a->primitive], knowledges[a->knowledge], max(a->tries, 1u), a->stopped_by ?: "",
			   a->aims_at ?: "", a->benign ? "benign" : "", a->adaptive ? " adaptive" : "", a->about);
	power_off(0);
}

static const struct attack *find(const char *name)
{
	LINKSET_FOREACH(attack, const struct attack, attack)
		if (!strcmp(attack->name, name))
			return attack;
	return NULL;
}

/*
 * A machine that runs programs with a list of the calls they may make was started with it: for an attack that says so
 * it is put on the command line, before that is looked at.
 */
static int allow_calls(void)
{
	char *line = (char *)(uintptr_t)boot_info->command_line, name[64];
	const struct attack *attack = NULL;
	size_t len = strlen(line);

	if (IS_ENABLED(CONFIG_SYSCALL_FILTER) && boot_option("attack", name, sizeof(name)) > 0)
		attack = find(name);
	if (attack && attack->allowed_calls)
		format(line + len, sizeof(boot_info->command_line) - len, " filter=%s", attack->allowed_calls);
	return 0;
}
INIT_CALL(INIT_CORE, allow_calls);

static NORETURN void usage(const char *what)
{
	log_error("command line: %s", what);
	power_off(STATUS_USAGE);
}

static void read_nonce(void)
{
	char text[NONCE_DIGITS + 1];
	ssize_t len = boot_option("nonce", text, sizeof(text));

	if (len != NONCE_DIGITS || parse_u64_n(text, NONCE_DIGITS, 16, &nonce))
		usage("attack= wants nonce= with 16 hexadecimal digits");
}

static bool is_there(const char *defence)
{
	for (size_t i = 0; i < array_size(defences); i++)
		if (!strcmp(defences[i].name, defence))
			return defences[i].is_on;
	return false;
}

static NORETURN void run_benign(void)
{
	if (!chosen->benign || !chosen->benign(chosen))
		attack_failed(chosen, "the benign twin did not do its work");
	log_printf("attack: %s benign\n", chosen->name);
	power_off(0);
}

void attack_main(const char *name)
{
	char variant[16];

	if (!strcmp(name, "list"))
		list();
	chosen = find(name);
	if (!chosen) {
		log_error("there is no attack %s", name);
		power_off(STATUS_NO_ATTACK);
	}
	read_nonce();
	if (boot_option("attack-variant", variant, sizeof(variant)) == -ENOENT)
		format(variant, sizeof(variant), "plain");
	random_bytes(&secret, sizeof(secret));
	log_printf("attack: %s begins\n", chosen->name);
	if (chosen->aims_at && *chosen->aims_at && !is_there(chosen->aims_at) && strcmp(variant, "benign"))
		attack_not_applicable(chosen, "the defence that it aims at is not in this kernel");
	if (!strcmp(variant, "benign"))
		run_benign();
	else if (!strcmp(variant, "adaptive") && chosen->adaptive)
		chosen->adaptive(chosen);
	else if (!strcmp(variant, "plain") || !strcmp(variant, "adaptive"))
		chosen->run(chosen);
	else
		usage("attack-variant= is plain, benign or adaptive");
	attack_failed(chosen, "it has come to its end");
}
