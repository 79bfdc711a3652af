/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Defences: see defences.h.
 */
#include "defences.h"

#include <kernel/include/kernel/crash_abi.h>
#include <stdio.h>
#include <string.h>

const struct defence_info defences[DEFENCES] = {
	[DEFENCE_STACKPROTECTOR] = { "stackprotector", "STACK_PROTECTOR", true, false,
				     "a random guard below each return address" },
	[DEFENCE_SHADOWSTACK] = { "shadowstack", "SHADOW_STACK", true, false, "a second copy of return addresses" },
	[DEFENCE_KCFI] = { "kcfi", "KCFI", true, false, "indirect calls reach functions of their type only" },
	[DEFENCE_WX] = { "wx", "WX", true, false, "no memory is both writable and executable" },
	[DEFENCE_GUARD] = { "guard", "GUARD_PAGES", true, false, "nothing mapped beside stacks" },
	[DEFENCE_NULL] = { "null", "NULL_GUARD", true, false, "nothing mapped below 64 KiB" },
	[DEFENCE_HEAP] = { "heap", "HEAP_HARDENING", true, false, "the heap's data are encoded and checked" },
	[DEFENCE_INIT] = { "init", "INIT_ON_ALLOC", false, false, "memory is cleared before and after its use" },
	[DEFENCE_ZEROREGS] = { "zeroregs", "ZERO_CALL_USED_REGS", false, false, "functions leave no values behind" },
	[DEFENCE_READONLY] = { "readonly", "READ_ONLY_AFTER_INIT", true, false, "tables are sealed after boot" },
	[DEFENCE_PKS] = { "pks", "PROTECTION_KEYS", true, false, "page tables and chosen data behind a key" },
	[DEFENCE_TABLEVIEW] = { "tableview", "TABLE_VIEW", true, false,
			       "page tables are written in a place of their own" },
	[DEFENCE_POINTERS] = { "pointers", "HIDE_POINTERS", false, false, "programs read no kernel address" },
	[DEFENCE_FILTER] = { "filter", "SYSCALL_FILTER", true, false, "a list of system calls for each program" },
	[DEFENCE_LAYOUT] = { "layout", "LAYOUT", false, true, "each boot puts everything elsewhere" },
};

/* By enum crash_kind. The key also guards the shadow stacks. */
static const uint32_t speaks_for[CRASH_KINDS] = {
	[CRASH_STACK_SMASH] = DEFENCE_BIT(DEFENCE_STACKPROTECTOR),
	[CRASH_SHADOW_STACK] = DEFENCE_BIT(DEFENCE_SHADOWSTACK),
	[CRASH_CONTROL_FLOW] = DEFENCE_BIT(DEFENCE_KCFI),
	[CRASH_HEAP_CORRUPTION] = DEFENCE_BIT(DEFENCE_HEAP),
	[CRASH_DOUBLE_FREE] = DEFENCE_BIT(DEFENCE_HEAP),
	[CRASH_INVALID_FREE] = DEFENCE_BIT(DEFENCE_HEAP),
	[CRASH_EXECUTION] = DEFENCE_BIT(DEFENCE_WX),
	[CRASH_READ_ONLY] = DEFENCE_BIT(DEFENCE_WX) | DEFENCE_BIT(DEFENCE_READONLY),
	[CRASH_PROTECTION_KEY] = DEFENCE_BIT(DEFENCE_PKS) | DEFENCE_BIT(DEFENCE_SHADOWSTACK),
	[CRASH_PAGE_TABLE] = DEFENCE_BIT(DEFENCE_TABLEVIEW),
	[CRASH_STACK_OVERFLOW] = DEFENCE_BIT(DEFENCE_GUARD),
	[CRASH_NULL_DEREFERENCE] = DEFENCE_BIT(DEFENCE_NULL),
	[CRASH_DENIED] = DEFENCE_BIT(DEFENCE_FILTER),
};
static const char *const kind_names[CRASH_KINDS] = CRASH_KIND_NAMES;

enum defence defence_find(const char *name)
{
	enum defence defence = 0;

	while (defence < DEFENCES && strcmp(defences[defence].name, name))
		defence++;
	return defence;
}

bool defence_parse_set(const char *names, uint32_t *set)
{
	bool all_known = true;
	char name[32];

	*set = 0;
	while (*(names += strspn(names, " ,"))) {
		size_t len = strcspn(names, " ,");
		enum defence defence;

		snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name)), names);
		defence = defence_find(name);
		if (defence == DEFENCES)
			all_known = false;
		else
			*set |= DEFENCE_BIT(defence);
		names += len;
	}
	return all_known;
}

uint32_t defence_reporting(void)
{
	uint32_t set = 0;

	for (enum defence d = 0; d < DEFENCES; d++)
		set |= defences[d].reports ? DEFENCE_BIT(d) : 0;
	return set;
}

uint32_t defence_probabilistic(void)
{
	uint32_t set = 0;

	for (enum defence d = 0; d < DEFENCES; d++)
		set |= defences[d].is_probabilistic ? DEFENCE_BIT(d) : 0;
	return set;
}

uint32_t defence_of_crash(const char *kind, const char *text)
{
	/* The CPU could not push a frame at the stack pointer: that may be anywhere, and no page was guarding. */
	if (!strcmp(kind, kind_names[CRASH_STACK_OVERFLOW]) && strstr(text, "double fault"))
		return 0;
	for (int i = 0; i < CRASH_KINDS; i++)
		if (!strcmp(kind, kind_names[i]))
			return speaks_for[i];
	return 0;
}

int defence_read_config(const char *path, uint32_t *set)
{
	FILE *file = fopen(path, "re");
	char line[256], name[64];

	*set = 0;
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		for (enum defence d = 0; d < DEFENCES; d++) {
			snprintf(name, sizeof(name), "CONFIG_%s=y\n", defences[d].option);
			if (!strcmp(line, name))
				*set |= DEFENCE_BIT(d);
		}
	fclose(file);
	return 0;
}

void defence_names(uint32_t set, char *to, size_t size)
{
	size_t len = 0;

	*to = '\0';
	for (enum defence d = 0; d < DEFENCES && len < size; d++)
		if (set & DEFENCE_BIT(d))
			len += (size_t)snprintf(to + len, size - len, "%s%s", len ? " " : "", defences[d].name);
}
