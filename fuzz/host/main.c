/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-fuzz: options and dispatch. One cmd_<name>() a subcommand, in cmd_<name>.c.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "json.h"
#include "last_events.h"
#include "store.h"
#include "xen_lab.h"

#define MEMORY_MIN 16 /* an image, and copies of what it writes */
#define MEMORY_MAX 1024

static const char usage[] =
	"usage: saki fuzz HARNESS [--world host|vm|xen] [--engine libfuzzer|afl] [--time S | --runs N] [options]\n"
	"       saki fuzz list | show FILE | parse FILE | replay FILE | minimize FILE\n"
	"       saki fuzz bench HARNESS | verify HARNESS | compare HARNESS | inject HARNESS\n"
	"       saki fuzz convert-strace -o DIR LOG...\n"
	"\n"
	"  --world W      where the kernel runs: host (a process, default), vm (QEMU) or xen (a clone in Xen)\n"
	"  --tracker T    who resets the machine: guest (default), or in xen logdirty (Xen and dom0)\n"
	"                 bench and inject also take boot, none, and in xen clone, restore: without a reset\n"
	"  --mem MIB      of the machine, for bench (32)\n"
	"  --dirty N,...  pages that bench's resets put back (16)\n"
	"  --batch N      bench: hand over N inputs at once, 2 to 32 (tracker guest)\n"
	"  --profile      bench: where the time of an input goes, by phase and by system call\n"
	"  --engine E     libfuzzer (default) or afl\n"
	"  --clones N     xen: clones of one domain that fuzz at once (default: 1)\n"
	"  --time S       seconds (default: 60)       --runs N     inputs, instead of a time\n"
	"  --seed N       of the engine's random numbers\n"
	"  --preset P     of the image (default: asan in host, fuzz in vm; bench: fuzz)\n"
	"  --corpus DIR   default: OUT/corpus/HARNESS --out DIR    findings and work (default: out)\n"
	"  --trace E,...  replay, campaigns: the trace events that the report of a finding ends with\n"
	"                 (default: " LAST_EVENTS_DEFAULT ";\n"
	"                 there are: saki trace list)\n"
	"  --harness H    for commands that take a FILE (default: what its report says, else syscall)\n"
	"  --against W    compare: the other world (default: host)\n"
	"  --count N      of programs for verify and compare, of bit flips for inject\n"
	"  --json         one object on the last line of stdout\n"
	"  --verbose      what the machine and the engine say, on stderr\n"
	"\n"
	"  example: saki fuzz syscall --world vm --engine afl --time 60\n"
	"  exit status: 0 done, 1 findings, 2 usage, 3 environment, 130 interrupted\n";

static const struct command {
	const char *name;
	int (*run)(struct options *options);
	int words_min, words_max;	/* what is not an option */
	bool harness;			/* the first word is a harness */
} commands[] = {
	{ "list", cmd_list, 0, 0, false },
	{ "show", cmd_show, 1, 1, false },
	{ "parse", cmd_parse, 1, 1, false },
	{ "replay", cmd_replay, 1, 1, false },
	{ "minimize", cmd_minimize, 1, 1, false },
	{ "bench", cmd_bench, 1, 1, true },
	{ "verify", cmd_verify, 1, 1, true },
	{ "compare", cmd_compare, 1, 1, true },
	{ "record", cmd_record, 1, 1, true },
	{ "inject", cmd_inject, 1, 1, true },
	{ "convert-strace", cmd_convert_strace, 1, 10000, false },
	{ "afl-runner", cmd_afl_runner, 6, 6, false },
};

int usage_error(const char *fmt, ...)
{
	va_list args;

	fputs("saki-fuzz: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("; try --help\n", stderr);
	return EXIT_USAGE;
}

static int number(const char *name, const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || end == text || *end || strchr(text, '-'))
		return usage_error("--%s %s: a number is wanted", name, text);
	return 0;
}

static int set_world(enum world *world, const char *name, const char *arg)
{
	int index = world_parse(arg);

	if (index < 0)
		return usage_error("--%s %s: there are host, vm and xen", name, arg);
	*world = (enum world)index;
	return 0;
}

/* Numbers with commas between them. */
static int set_dirty(struct options *options, const char *arg)
{
	char *end;

	options->dirty_count = 0;
	do {
		unsigned long value = strtoul(arg, &end, 10);

		if (end == arg || (*end && *end != ',') || !value || value > DIRTY_MAX ||
		    options->dirty_count == DIRTY_COUNTS)
			return usage_error("--dirty: up to %u numbers of pages from 1 to %u, with commas between them",
					   DIRTY_COUNTS, DIRTY_MAX);
		options->dirty[options->dirty_count++] = (unsigned)value;
		arg = end + 1;
	} while (*end);
	return 0;
}

static int set_option(struct options *options, int option, const char *name, const char *arg)
{
	struct campaign *campaign = &options->campaign;
	uint64_t value = 0;
	int index;

	switch (option) {
	case 'w':
		options->world_given = true;
		return set_world(&campaign->world, name, arg);
	case 'A':
		options->against_given = true;
		return set_world(&options->against, name, arg);
	case 'k':
		index = tracker_parse(arg);
		if (index < 0)
			return usage_error("--tracker %s: there are guest, logdirty, clone, restore, boot and none",
					   arg);
		campaign->tracker = (enum tracker)index;
		return 0;
	case 'C':
		if (number(name, arg, &value))
			return EXIT_USAGE;
		if (!value || value > CLONES_MAX)
			return usage_error("--clones %s: 1 to %u", arg, CLONES_MAX);
		campaign->clones = (unsigned)value;
		return 0;
	case 'e':
		for (index = 0; index < ENGINES && strcmp(arg, engine_names[index]); index++)
			;
		if (index == ENGINES)
			return usage_error("--engine %s: there is libfuzzer and afl", arg);
		campaign->engine = (enum engine)index;
		return 0;
	case 't':
		return number(name, arg, &campaign->seconds);
	case 'r':
		return number(name, arg, &campaign->runs);
	case 's':
		if (number(name, arg, &value))
			return EXIT_USAGE;
		campaign->seed = (uint32_t)value;
		return 0;
	case 'n':
		return number(name, arg, &options->count);
	case 'm':
		if (number(name, arg, &value))
			return EXIT_USAGE;
		if (value < MEMORY_MIN || value > MEMORY_MAX)
			return usage_error("--mem %s: %u to %u", arg, MEMORY_MIN, MEMORY_MAX);
		options->memory_mib = (unsigned)value;
		return 0;
	case 'd':
		return set_dirty(options, arg);
	case 'p':
		campaign->preset = arg;
		options->preset_given = true;
		return 0;
	case 'c':
		options->corpus = arg;
		return 0;
	case 'o':
		campaign->out = arg;
		return 0;
	case 'H':
		campaign->harness = arg;
		options->harness_given = true;
		return 0;
	case 'j':
		campaign->json = true;
		return 0;
	case 'b':
		if (number(name, arg, &value))
			return EXIT_USAGE;
		if (value < 2 || value > CHANNEL_BATCH_MAX)
			return usage_error("--batch %s: 2 to %u", arg, CHANNEL_BATCH_MAX);
		options->batch = (unsigned)value;
		return 0;
	case 'T':
		campaign->events = arg;
		return 0;
	case 'P':
		options->profile = true;
		return 0;
	case 'v':
		campaign->verbose = true;
		return 0;
	default:
		return usage_error("%s is no option, or lacks its value", name);
	}
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "world", required_argument, NULL, 'w' },   { "engine", required_argument, NULL, 'e' },
		{ "time", required_argument, NULL, 't' },    { "runs", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },    { "preset", required_argument, NULL, 'p' },
		{ "corpus", required_argument, NULL, 'c' },  { "out", required_argument, NULL, 'o' },
		{ "harness", required_argument, NULL, 'H' }, { "count", required_argument, NULL, 'n' },
		{ "tracker", required_argument, NULL, 'k' }, { "clones", required_argument, NULL, 'C' },
		{ "mem", required_argument, NULL, 'm' },     { "dirty", required_argument, NULL, 'd' },
		{ "against", required_argument, NULL, 'A' }, { "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },	     { "help", no_argument, NULL, 'h' },
		{ "profile", no_argument, NULL, 'P' },	     { "batch", required_argument, NULL, 'b' },
		{ "trace", required_argument, NULL, 'T' },
		{ NULL, 0, NULL, 0 },
	};
	int option, index = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "o:h", table, &index)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (set_option(options, option, option == '?' ? argv[optind - 1] : table[index].name, optarg))
			return EXIT_USAGE;
	}
	options->words = (const char **)argv + optind;
	options->word_count = argc - optind;
	return 0;
}

const char *options_preset(const struct options *options, bool bench)
{
	if (options->preset_given)
		return options->campaign.preset;
	return options->campaign.world == WORLD_HOST && !bench ? "asan" : "fuzz";
}

void options_from_finding(struct options *options, const char *path)
{
	static char harness[64], preset[128], world[16];
	char report[PATH_MAX], *text;
	const char *slash = strrchr(path, '/');
	size_t size;

	snprintf(report, sizeof(report), "%s/report.json", path);
	if (access(report, R_OK))
		snprintf(report, sizeof(report), "%.*sreport.json", slash ? (int)(slash + 1 - path) : 0, path);
	text = (char *)load_file(report, &size, 1 << 20);
	if (!text)
		return;
	if (!options->harness_given && json_find(text, "harness", harness, sizeof(harness)))
		options->campaign.harness = harness;
	if (!options->world_given && json_find(text, "world", world, sizeof(world)) && world_parse(world) >= 0)
		options->campaign.world = (enum world)world_parse(world);
	/* A preset goes with a world: the other world has another default. */
	if (!options->preset_given && json_find(text, "world", world, sizeof(world)) &&
	    world_parse(world) == (int)options->campaign.world && json_find(text, "preset", preset, sizeof(preset))) {
		options->campaign.preset = preset;
		options->preset_given = true;
	}
	free(text);
}

void options_fill_executor(const struct options *options, const char *preset, uint64_t timeout_ns,
			   struct executor_options *filled)
{
	*filled = (struct executor_options){
		.machine = { .world = options->campaign.world, .preset = preset, .harness = options->campaign.harness,
			     .tracker = options->campaign.tracker, .memory_mib = options->memory_mib,
			     .append = options->batch ? "batch" : NULL,
			     .verbose = options->campaign.verbose },
		.timeout_ns = timeout_ns,
		.no_novelty = true,
	};
}

struct executor *options_executor(const struct options *options, const char *preset, uint64_t timeout_ns)
{
	struct executor_options executor_options;
	struct executor *executor;
	char error[MACHINE_ERROR];

	options_fill_executor(options, preset, timeout_ns, &executor_options);
	executor = executor_open(&executor_options, error);

	if (!executor)
		fprintf(stderr, "saki-fuzz: %s\n", error);
	return executor;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	}
	return NULL;
}

/* NULL: a campaign. */
static bool takes_finding(const struct command *command)
{
	return command && (command->run == cmd_replay || command->run == cmd_minimize);
}

static int check_clones(struct campaign *campaign, const struct command *command)
{
	if (campaign->clones && (command || campaign->world != WORLD_XEN))
		return usage_error("--clones %u: only for a campaign in the xen world", campaign->clones);
	campaign->clones += !campaign->clones;
	if (campaign->clones > 1 && campaign->engine == ENGINE_AFL)
		return usage_error("--clones %u: only under libfuzzer (each afl-fuzz would boot a domain of its own)",
				   campaign->clones);
	if (campaign->runs && campaign->runs < campaign->clones)
		return usage_error("--runs %llu: at least one for each clone", (unsigned long long)campaign->runs);
	return 0;
}

/* Where the xen world is not here. Only what runs inputs has to be there. */
static bool wants_lab(const struct options *options, const struct command *command)
{
	return options->campaign.world == WORLD_XEN && !machine_xen_possible() &&
	       (!command || (command->harness && command->run != cmd_compare) || takes_finding(command));
}

static int run_in_lab(struct options *options, const struct command *command, int argc, char **argv)
{
	bool bench = command && (command->run == cmd_bench || command->run == cmd_record || command->run == cmd_inject);

	options->fetches = !command || command->run == cmd_record;
	options->takes_files = takes_finding(command);
	return xen_lab_run(options, bench, argc, argv);
}

static int check_bench(const struct options *options, const struct command *command)
{
	if ((options->memory_mib || options->dirty_count || options->profile || options->batch) &&
	    !(command && command->run == cmd_bench))
		return usage_error("--%s: only for bench", options->memory_mib    ? "mem"
							   : options->dirty_count ? "dirty"
							   : options->batch       ? "batch"
										  : "profile");
	if (options->batch && options->campaign.tracker != TRACKER_GUEST)
		return usage_error("--batch: only with tracker guest, which resets between inputs by itself");
	return 0;
}

static int check_tracker(const struct options *options, const struct command *command)
{
	enum tracker tracker = options->campaign.tracker;
	bool compared = tracker != TRACKER_GUEST && tracker != TRACKER_LOGDIRTY;

	if (tracker_is_xens(tracker) && options->campaign.world != WORLD_XEN)
		return usage_error("--tracker %s: only in the xen world", tracker_names[tracker]);
	if (compared && !(command && (command->run == cmd_bench || command->run == cmd_inject)))
		return usage_error("--tracker %s: only for bench and inject", tracker_names[tracker]);
	return 0;
}

/* NULL: a campaign. */
static int check_trace(const struct options *options, const struct command *command)
{
	char error[MACHINE_ERROR], *words;

	if (!options->campaign.events)
		return 0;
	if (command && command->run != cmd_replay)
		return usage_error("--trace: only for replay and campaigns");
	if (!command && options->campaign.world == WORLD_XEN)
		return usage_error("--trace: what a campaign in xen finds tells its events when it is replayed");
	words = last_events_words(options->campaign.events, error);
	if (!words)
		return usage_error("--trace: %s", error);
	free(words);
	return 0;
}

int main(int argc, char **argv)
{
	static struct options options = { .campaign = { .harness = "syscall", .out = "out" } };
	const struct command *command;

	/* Lines must survive a pipe and a crash of ours. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse_options(&options, argc, argv))
		return EXIT_USAGE;
	if (!options.word_count)
		return usage_error("a harness or a command is wanted");
	command = find_command(options.words[0]);
	if (takes_finding(command) && options.word_count > 1)
		options_from_finding(&options, options.words[1]);
	if (check_trace(&options, command) || check_bench(&options, command) || check_tracker(&options, command) ||
	    check_clones(&options.campaign, command))
		return EXIT_USAGE;
	if (!command) {
		if (options.word_count > 1)
			return usage_error("unexpected \"%s\"", options.words[1]);
		options.campaign.harness = options.words[0];
		return wants_lab(&options, NULL) ? run_in_lab(&options, NULL, argc, argv) : cmd_fuzz(&options);
	}
	options.words++;
	options.word_count--;
	if (options.word_count < command->words_min || options.word_count > command->words_max)
		return usage_error("%s takes %s%d word%s", command->name,
				   command->words_max > command->words_min ? "at least " : "", command->words_min,
				   command->words_min == 1 ? "" : "s");
	if (command->harness)
		options.campaign.harness = options.words[0];
	return wants_lab(&options, command) ? run_in_lab(&options, command, argc, argv) : command->run(&options);
}
