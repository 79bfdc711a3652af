/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running attacks against presets: see matrix.h. What is to be booted is a list of trials, from whose end the machines
 * take; a trial that may take several boots goes back to it until one succeeds.
 */
#include "matrix.h"

#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eval.h"
#include "pool.h"

#define PROBABILISTIC_TRIALS 20
#define FEW_TRIALS 4 /* none of which succeeds: less than half do, with 95 % */
#define BENIGN_SHARE 10	/* one benign boot for so many of the attack itself */
#define AGAIN 2 /* times that a machine which did not come to begin is given more time; a hang once */

struct trial {
	size_t attack, preset;
	enum variant variant;
	unsigned tries, again;
	uint64_t nonce;
};

struct run {
	struct matrix *matrix;
	struct trial *trials;
	size_t count, all, done;
	double limit_s;
	bool failed;
};

/* ---- trials ---- */

static unsigned trials_of(const struct attack *attack, const struct preset *preset, enum variant variant,
			  unsigned boots)
{
	if (variant == VARIANT_BENIGN)
		return attack->has_benign ? (boots + BENIGN_SHARE - 1) / BENIGN_SHARE + !boots : 0;
	if (variant == VARIANT_ADAPTIVE && !attack->has_adaptive)
		return 0;
	if (boots)
		return boots;
	if (!(attack->stopped_by & preset->on & defence_probabilistic()))
		return 1;
	/* Images less one are many, and are about the one. */
	return preset->sort == PRESET_LESS_ONE ? FEW_TRIALS : PROBABILISTIC_TRIALS;
}

static size_t add_trials(struct run *run, size_t attack, size_t preset, enum variant variant, unsigned boots)
{
	const struct preset *p = &run->matrix->presets.list[preset];
	unsigned count = p->image ? trials_of(&run->matrix->attacks.list[attack], p, variant, boots) : 0;

	for (unsigned i = 0; run->trials && i < count; i++)
		run->trials[run->count++] = (struct trial){ attack, preset, variant, 0, 0, 0 };
	return count;
}

static size_t add_all_trials(struct run *run, unsigned boots)
{
	size_t count = 0;

	for (size_t p = run->matrix->presets.count; p-- > 0;)
		for (size_t a = run->matrix->attacks.count; a-- > 0;)
			for (enum variant v = VARIANTS; v-- > 0;)
				count += add_trials(run, a, p, v, boots);
	return count;
}

/* ---- machines ---- */

static bool next(void *arg, struct boot *boot)
{
	struct run *run = arg;
	struct trial *trial;

	if (!run->count)
		return false;
	trial = malloc(sizeof(*trial));
	if (!trial) {
		run->failed = true;
		return false;
	}
	*trial = run->trials[--run->count];
	trial->nonce = fresh_nonce();
	*boot = (struct boot){ .kernel = run->matrix->presets.list[trial->preset].image,
			       .limit_s = run->limit_s * (1 + 2 * trial->again),
			       .tag = trial };
	snprintf(boot->line, sizeof(boot->line), "attack=%s nonce=%016llx attack-variant=%s",
		 run->matrix->attacks.list[trial->attack].name, (unsigned long long)trial->nonce,
		 variant_names[trial->variant]);
	return true;
}

static bool is_final(const struct attack *attack, const struct trial *trial, const struct verdict *verdict)
{
	if (trial->variant == VARIANT_BENIGN || verdict->outcome == OUTCOME_SUCCEEDED ||
	    verdict->outcome == OUTCOME_NOT_APPLICABLE || verdict->outcome == OUTCOME_ERROR)
		return true;
	return trial->tries + 1 >= attack->tries;
}

/* Whether it is to be seen with more time: a machine that has not come to begin, and one that seems to hang. */
static bool wants_again(const struct trial *trial, const struct verdict *verdict, const struct evidence *evidence)
{
	if (verdict->outcome == OUTCOME_ERROR)
		return evidence->end != END_STATUS && trial->again < AGAIN;
	return verdict->outcome == OUTCOME_DOS && evidence->end == END_LIMIT && !trial->again;
}

static void done(void *arg, const struct boot *boot, const struct booted *booted)
{
	struct run *run = arg;
	struct matrix *matrix = run->matrix;
	struct trial *trial = boot->tag;
	const struct attack *attack = &matrix->attacks.list[trial->attack];
	struct cell *cell = matrix_cell(matrix, trial->attack, trial->preset, trial->variant);
	struct question question = { attack->name, trial->variant, trial->nonce,
				     matrix->presets.list[trial->preset].on, attack->stopped_by };
	struct verdict verdict;

	judge(&question, &booted->evidence, &verdict);
	cell->boots++;
	matrix->boots++;
	if (wants_again(trial, &verdict, &booted->evidence)) {
		trial->again++;
		run->trials[run->count++] = *trial;
	} else if (!is_final(attack, trial, &verdict)) {
		trial->tries++;
		run->trials[run->count++] = *trial;
	} else {
		cell_add(cell, &verdict);
		run->done++;
	}
	progress("trial %zu of %zu: %s on %s: %s", run->done, run->all, attack->name,
		 matrix->presets.list[trial->preset].name, outcome_names[verdict.outcome]);
	free(trial);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int matrix_run(struct matrix *matrix, unsigned boots, unsigned jobs, double limit_s)
{
	struct run run = { .matrix = matrix, .limit_s = limit_s };
	struct pool_work work = { .next = next, .done = done, .arg = &run };
	double start = now();
	int status;

	run.all = add_all_trials(&run, boots);
	run.trials = calloc(run.all + 1, sizeof(*run.trials));
	if (!run.trials)
		return run_fail(EVAL_ENVIRONMENT, "no memory for %zu trials", run.all);
	add_all_trials(&run, boots);
	status = pool_run(&work, jobs);
	progress_end();
	free(run.trials);
	matrix->seconds = now() - start;
	return status || !run.failed ? status : run_fail(EVAL_ENVIRONMENT, "no memory");
}
