/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge: see judge.h. The first that is found rules: a goal that is proved, a crash report or a denied system call,
 * the attack's own last word, the way the machine ended.
 */
#include "judge.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 400 /* bytes of a line that are looked at */
#define DENIED "denied system call"
#define HANG "hang"

const char *const outcome_names[OUTCOMES] = { "succeeded", "stopped",        "crash-unattributed", "dos",
					      "failed",    "not-applicable", "passed",             "harness-error" };
const char *const variant_names[VARIANTS] = { "plain", "benign", "adaptive" };

/* What the machine's lines come to. Each report is that of the first line of its sort. */
struct account {
	bool begins, proved, wrong_goal, benign, not_applicable, failed, crashed, denied;
	char kind[48], text[JUDGE_REPORT];	/* of the crash */
	char goal_line[JUDGE_REPORT], crash_line[JUDGE_REPORT], last_line[JUDGE_REPORT];
};

void copy_line(char *to, size_t size, const char *line)
{
	size_t n = 0;

	for (; *line && *line != '\n' && n + 1 < size; line++)
		if (*line != '\r')
			to[n++] = *line >= ' ' && *line <= '~' ? *line : '?';
	to[n] = '\0';
}

/* ---- lines ---- */

/* The rest of a line that starts so; NULL when it does not. */
static const char *after(const char *line, const char *start)
{
	size_t len = strlen(start);

	return strncmp(line, start, len) ? NULL : line + len;
}

static void read_goal(const struct question *question, const char *hex, const char *line, struct account *account)
{
	char *end;
	uint64_t said = strtoull(hex, &end, 16);

	if (end - hex == 16 && !*end && isxdigit((unsigned char)*hex) &&
	    said == attack_proof(question->nonce, question->attack)) {
		account->proved = true;
		copy_line(account->goal_line, sizeof(account->goal_line), line);
	} else {
		account->wrong_goal = true;
		if (!account->proved)
			copy_line(account->goal_line, sizeof(account->goal_line), line);
	}
}

static void read_attack(const struct question *question, const char *said, const char *line, struct account *account,
			bool *primitive)
{
	const char *rest = after(said, "goal ");
	bool *flag = NULL;

	if (rest) {
		read_goal(question, rest, line, account);
		return;
	}
	rest = after(said, question->attack);
	if (!rest || *rest++ != ' ')
		return;
	if (!strcmp(rest, "begins"))
		account->begins = true;
	else if (!strcmp(rest, "primitive"))
		*primitive = true;
	else if (!strcmp(rest, "benign"))
		flag = &account->benign;
	else if (after(rest, "not applicable"))
		flag = &account->not_applicable;
	else if (after(rest, "failed"))
		flag = &account->failed;
	if (flag && !*account->last_line)
		copy_line(account->last_line, sizeof(account->last_line), line);
	if (flag)
		*flag = true;
}

/* "crash: KIND at pc HEX: TEXT". What was being written when it crashed may precede it on its line. */
static void read_crash(const char *said, struct account *account)
{
	const char *at = strstr(said, " at pc ");

	if (account->crashed || after(said, "again ") || after(said, "the first "))
		return;
	account->crashed = true;
	copy_line(account->crash_line, sizeof(account->crash_line), said - strlen("crash: "));
	if (!at)
		return;
	snprintf(account->kind, sizeof(account->kind), "%.*s", (int)(at - said), said);
	at = strchr(at, ':');
	copy_line(account->text, sizeof(account->text), at ? at : "");
}

static void read_line(const struct question *question, const char *line, struct account *account, bool *primitive)
{
	const char *rest = after(line, "attack: ");

	if (rest) {
		read_attack(question, rest, line, account, primitive);
		/* A line that was cut off by a crash report. */
		if (!strstr(rest, "crash: "))
			return;
	}
	rest = strstr(line, "crash: ");
	if (rest) {
		read_crash(rest + strlen("crash: "), account);
	} else if (!account->denied && !account->crashed && strstr(line, DENIED)) {
		account->denied = true;
		copy_line(account->crash_line, sizeof(account->crash_line), line);
	}
}

static void read_all(const struct question *question, const char *text, struct account *account, bool *primitive)
{
	char line[LINE];

	while (*text) {
		copy_line(line, sizeof(line), text);
		read_line(question, line, account, primitive);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

/* ---- what they come to ---- */

static enum defence lowest(uint32_t set)
{
	enum defence d = 0;

	while (d < DEFENCES && !(set & DEFENCE_BIT(d)))
		d++;
	return d;
}

static void say(struct verdict *verdict, enum outcome outcome, const char *report)
{
	verdict->outcome = outcome;
	snprintf(verdict->report, sizeof(verdict->report), "%s", report);
}

/* A report counts for a defence that is there; of several that it may be, for one that the attack names. */
static void judge_report(const struct question *question, const struct account *account, struct verdict *verdict)
{
	uint32_t whose = account->crashed ? defence_of_crash(account->kind, account->text)
					  : DEFENCE_BIT(DEFENCE_FILTER);

	whose &= question->on;
	if (whose & question->stopped_by)
		whose &= question->stopped_by;
	/* A key guards shadow stacks too, but most of what it guards is its own. */
	if (whose & DEFENCE_BIT(DEFENCE_PKS))
		whose &= ~DEFENCE_BIT(DEFENCE_SHADOWSTACK);
	verdict->defence = lowest(whose);
	if (account->crashed && !strcmp(account->kind, HANG))
		say(verdict, OUTCOME_DOS, account->crash_line);
	else
		say(verdict, whose ? OUTCOME_STOPPED : OUTCOME_CRASH, account->crash_line);
}

static void judge_end(const struct evidence *evidence, const struct account *account, struct verdict *verdict)
{
	char report[JUDGE_REPORT];

	if (evidence->end == END_LIMIT) {
		say(verdict, account->begins ? OUTCOME_DOS : OUTCOME_ERROR,
		    account->begins ? "no end within the limit" : "the machine had not begun the attack at its limit");
	} else if (!account->begins) {
		copy_line(report, sizeof(report), evidence->text);
		say(verdict, OUTCOME_ERROR, *report ? report : "the machine ended before the attack began");
	} else if (evidence->end == END_GONE) {
		say(verdict, OUTCOME_DOS, "the machine was gone without a word");
	} else {
		snprintf(report, sizeof(report), "the machine ended with status %d and no word of the attack",
			 evidence->status);
		say(verdict, OUTCOME_DOS, report);
	}
}

static void judge_benign(const struct evidence *evidence, const struct account *account, struct verdict *verdict)
{
	if (account->benign && !account->crashed && evidence->end == END_STATUS && !evidence->status)
		say(verdict, OUTCOME_PASSED, account->last_line);
	else if (account->proved)
		say(verdict, OUTCOME_FAILED, "the benign twin reached the attack's goal");
	else if (account->benign && !account->crashed)
		say(verdict, OUTCOME_FAILED, "the machine did not end as it should after the benign twin");
}

void judge(const struct question *question, const struct evidence *evidence, struct verdict *verdict)
{
	struct account account = { 0 };

	*verdict = (struct verdict){ .outcome = OUTCOMES, .defence = DEFENCES };
	if (evidence->end == END_NO_MACHINE) {
		verdict->outcome = OUTCOME_ERROR;
		copy_line(verdict->report, sizeof(verdict->report), evidence->error);
		return;
	}
	read_all(question, evidence->text, &account, &verdict->primitive);
	/* Whoever is not asked denies nothing. */
	account.denied &= (question->on & DEFENCE_BIT(DEFENCE_FILTER)) != 0;
	if (question->variant == VARIANT_BENIGN)
		judge_benign(evidence, &account, verdict);
	else if (account.proved)
		say(verdict, OUTCOME_SUCCEEDED, account.goal_line);
	else if (account.wrong_goal)
		say(verdict, OUTCOME_ERROR, account.goal_line);
	if (verdict->outcome != OUTCOMES)
		return;
	if ((account.crashed || account.denied) && account.begins)
		judge_report(question, &account, verdict);
	else if (account.crashed)
		say(verdict, OUTCOME_ERROR, account.crash_line);
	else if (account.not_applicable)
		say(verdict, OUTCOME_NOT_APPLICABLE, account.last_line);
	else if (account.failed)
		say(verdict, OUTCOME_FAILED, account.last_line);
	else
		judge_end(evidence, &account, verdict);
}
