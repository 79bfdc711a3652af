/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one boot of one attack has shown: from what the machine said, which is an attacked kernel's and believed in
 * nothing but the proof, to one of a few outcomes. See kernel/attack.h for what a machine says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "defences.h"

#define JUDGE_REPORT 200 /* bytes of the line that says why */

enum outcome {
	OUTCOME_SUCCEEDED,	/* the goal, proved */
	OUTCOME_STOPPED,	/* by a defence that this image has, whose own report says so */
	OUTCOME_CRASH,		/* crash-unattributed: the kernel crashed, and no defence says that it was it */
	OUTCOME_DOS,		/* no end within the limit, or gone without a word */
	OUTCOME_FAILED,		/* came to its end without its goal */
	OUTCOME_NOT_APPLICABLE,
	OUTCOME_PASSED,		/* of a benign twin: it did its work */
	OUTCOME_ERROR,		/* harness-error: the attack has not run, or its proof is wrong */
	OUTCOMES
};
extern const char *const outcome_names[OUTCOMES];

enum variant { VARIANT_PLAIN, VARIANT_BENIGN, VARIANT_ADAPTIVE, VARIANTS };
extern const char *const variant_names[VARIANTS];

/* How a machine ended. */
enum machine_end {
	END_STATUS,		/* with its last words, "exit N" */
	END_GONE,		/* without */
	END_LIMIT,		/* it was ended, at its limit of time */
	END_NO_MACHINE		/* QEMU could not run it */
};

struct evidence {
	enum machine_end end;
	int status;		/* END_STATUS */
	const char *text;	/* all streams, one after the other; any bytes but NUL */
	const char *error;	/* END_NO_MACHINE: why */
};

struct question {
	const char *attack;
	enum variant variant;
	uint64_t nonce;
	uint32_t on;		/* the defences of the image */
	uint32_t stopped_by;	/* those that the attack names */
};

struct verdict {
	enum outcome outcome;
	enum defence defence;	/* OUTCOME_STOPPED: whose report it was */
	bool primitive;		/* the vulnerability was used */
	char report[JUDGE_REPORT];	/* printable ASCII: the line that the outcome is from */
};

/* SipHash-2-4 of whole words. */
uint64_t siphash(const uint64_t key[2], const uint64_t *words, size_t count);
/* What only a machine that was told the nonce and reached the attack's goal can say. */
uint64_t attack_proof(uint64_t nonce, const char *name);

void judge(const struct question *question, const struct evidence *evidence, struct verdict *verdict);

/* At most size - 1 bytes of a line, up to its end; what is not printable ASCII becomes '?'. */
void copy_line(char *to, size_t size, const char *line);
