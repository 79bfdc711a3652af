/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The defences that an image may have, and which of them a crash report speaks for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum defence {
	DEFENCE_STACKPROTECTOR,
	DEFENCE_SHADOWSTACK,
	DEFENCE_KCFI,
	DEFENCE_WX,
	DEFENCE_GUARD,
	DEFENCE_NULL,
	DEFENCE_HEAP,
	DEFENCE_INIT,
	DEFENCE_ZEROREGS,
	DEFENCE_READONLY,
	DEFENCE_PKS,
	DEFENCE_TABLEVIEW,
	DEFENCE_POINTERS,
	DEFENCE_FILTER,
	DEFENCE_LAYOUT,
	DEFENCES
};

/* A set of them: a bit each. */
#define DEFENCE_BIT(defence) (UINT32_C(1) << (defence))

struct defence_info {
	const char *name;	/* as presets and attacks say it */
	const char *option;	/* Kconfig's, without CONFIG_ */
	bool reports;		/* what it stops ends in its own report; else it is judged by what does not succeed */
	bool is_probabilistic;	/* each boot draws anew: judged by success rates */
	const char *about;
};
extern const struct defence_info defences[DEFENCES];

/* The defence of a name; DEFENCES when there is none. */
enum defence defence_find(const char *name);
/* Names with blanks or commas between them. False when one is unknown: *set has the others. */
bool defence_parse_set(const char *names, uint32_t *set);
/* Which of them report. */
uint32_t defence_reporting(void);
/* Which of them are judged by success rates. */
uint32_t defence_probabilistic(void);

/*
 * Which defences' own report a crash of that kind ("stack smash") is, given the text after it; 0 when it is nobody's.
 */
uint32_t defence_of_crash(const char *kind, const char *text);

/**
 * Which defences an image has, by the .config beside it.
 *
 * @return 0; -1 with errno when that cannot be read
 */
int defence_read_config(const char *path, uint32_t *set);
/* Their names with blanks between them. */
void defence_names(uint32_t set, char *to, size_t size);
