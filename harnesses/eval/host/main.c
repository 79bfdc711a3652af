/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-eval: judges defences by attacking images that have them. Options and dispatch.
 */
#include <errno.h>
#include <getopt.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "pool.h"
#include "signals.h"

#define BOOTS_MAX 1000000
#define LIMIT_S 4

static const char help[] =
	"usage: saki eval [--presets A,B] [--attacks GLOB] [--boots N] [--jobs N] [--limit S] [--costs] [--json]\n"
	"                 [-o DIR]\n"
	"       saki eval list [--json]\n"
	"       saki eval entropy [--presets A] [--boots N] [--jobs N] [--json]\n"
	"\n"
	"Builds images with the attacks of harnesses/attacks and different defences, runs each attack on each, and\n"
	"says what was stopped, and by what. An attack counts as stopped only where a defence that the image has\n"
	"reports it.\n"
	"\n"
	"  --presets A,B  none, a defence's name (that alone), hardened (all), no-NAME (all but one), or others that\n"
	"                 `make image` has; default: none, each alone, hardened, hardened less each\n"
	"  --attacks GLOB those whose names match; several with commas between them (default: all)\n"
	"  --boots N      trials of each attack on each preset, each with fresh secrets (default: 1, and 20 where a\n"
	"                 defence draws lots, 4 where one is missing); entropy: boots (1000)\n"
	"  --jobs N       machines at once (default: one for each CPU)\n"
	"  --limit S      seconds of a CPU that a machine may take, or idle (4)\n"
	"  --costs        measure also the time and the instructions of a boot and of system calls\n"
	"  --json         one object on standard output, instead of tables\n"
	"  -o DIR         write results.json and index.html there, with the entropy of places in 200 boots\n"
	"\n"
	"  list           the attacks, the defences and the presets\n"
	"  entropy        how much each region's place varies from boot to boot (preset hardened)\n"
	"\n"
	"exit status: 0 as expected (or explained in harnesses/eval/explained.txt), 1 not, 2 usage, 3 environment (no\n"
	"image, no QEMU), 130 interrupted\n"
	"\n"
	"example: saki eval --presets none,kcfi,hardened --attacks 'ret_*' -o out\n";

static const struct option long_options[] = {
	{ "presets", required_argument, NULL, 'p' },
	{ "attacks", required_argument, NULL, 'a' },
	{ "boots", required_argument, NULL, 'b' },
	{ "jobs", required_argument, NULL, 'J' },
	{ "limit", required_argument, NULL, 'l' },
	{ "costs", no_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	/* of judge, for tests */
	{ "attack", required_argument, NULL, 'A' },
	{ "nonce", required_argument, NULL, 'N' },
	{ "variant", required_argument, NULL, 'V' },
	{ "on", required_argument, NULL, 'O' },
	{ "stopped-by", required_argument, NULL, 'S' },
	{ "end", required_argument, NULL, 'E' },
	{ 0 },
};

static int number(const char *name, const char *text, unsigned long max, unsigned *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || strchr(text, '-') || !n || n > max)
		return run_fail(EVAL_USAGE, "--%s %.40s: a number from 1 to %lu", name, text, max);
	*value = (unsigned)n;
	return 0;
}

static int set_limit(struct eval_options *o, const char *text)
{
	char *end;

	o->limit_s = strtod(text, &end);
	return end != text && !*end && o->limit_s > 0 && o->limit_s <= 3600
		       ? 0
		       : run_fail(EVAL_USAGE, "--limit %.40s: seconds, up to an hour", text);
}

static int set_option(struct eval_options *o, int option, const char *value)
{
	switch (option) {
	case 'p': o->presets = value; return 0;
	case 'a': o->attacks = value; return 0;
	case 'b': return number("boots", value, BOOTS_MAX, &o->boots);
	case 'J': return number("jobs", value, POOL_MACHINES_MAX, &o->jobs);
	case 'l': return set_limit(o, value);
	case 'c': o->costs = true; return 0;
	case 'j': o->json = true; return 0;
	case 'o': o->out = value; return 0;
	case 'A': o->attack = value; return 0;
	case 'N': o->nonce = strtoull(value, NULL, 16); return 0;
	case 'V': o->variant = value; return 0;
	case 'O': o->on = value; return 0;
	case 'S': o->stopped_by = value; return 0;
	case 'E': o->end = value; return 0;
	default: return run_fail(EVAL_USAGE, "see: saki eval --help");
	}
}

static const struct command {
	const char *name;
	int (*run)(const struct eval_options *options);
	int words;
} commands[] = {
	{ "list", cmd_list, 0 },
	{ "entropy", cmd_entropy, 0 },
	{ "judge", cmd_judge, 1 },
};

static int dispatch(struct eval_options *o)
{
	const struct command *command = NULL;

	if (!o->word_count)
		return cmd_matrix(o);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(o->words[0], commands[i].name))
			command = &commands[i];
	if (!command)
		return run_fail(EVAL_USAGE, "%.40s: not a command; see: saki eval --help", o->words[0]);
	o->words++;
	o->word_count--;
	if (o->word_count != command->words)
		return run_fail(EVAL_USAGE, "%s takes %d words; see: saki eval --help", command->name, command->words);
	return command->run(o);
}

int main(int argc, char **argv)
{
	struct eval_options options = { .limit_s = LIMIT_S };
	int option, status;

	while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return 0;
		}
		status = set_option(&options, option, optarg);
		if (status)
			return status;
	}
	options.words = argv + optind;
	options.word_count = argc - optind;
	if (!options.jobs)
		options.jobs = pool_cpus() < POOL_MACHINES_MAX ? pool_cpus() : POOL_MACHINES_MAX;
	signals_block();
	return dispatch(&options);
}
