/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof record: runs a program under the recorder and makes perf.data of what it told. What was booted is asked of
 * saki-run --prepare, so that the very files that ran are kept.
 */
#include "prof.h"
#include "outside/record.h"
#include "recorded.h"

#include <errno.h>
#include <getopt.h>
#include <instrumentation/trace/abi/trace_abi.h>
#include <instrumentation/trace/host/recorder.h>
#include <inttypes.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VOLUMES_MAX 16
#define WORDS 256
#define COUNT_HZ 250	/* how often is looked whose code is where, while instructions are counted */
#define STACK_DEFAULT 8192	/* profiler/guest/chain.c's */

struct recording {
	const char *out, *preset, *ring;
	long hz, stack;
	bool outside, nmi, count;
	const struct recorded_kind *kind;
	char **program;			/* saki-run's options, program and arguments */
	char folder[PATH_MAX];		/* of what is in the making */
	struct guest_volume volumes[VOLUMES_MAX];
	size_t volume_count;
};

/* ---- what was asked for ---- */

static int number(const char *option, const char *text, long max, long *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	return end != text && !*end && *value >= (max == 10000) && *value <= max
		       ? 0
		       : run_fail(PROF_USAGE, "%s %s: a number up to %ld", option, text, max);
}

static int choose_kind(struct recording *r, const char *name)
{
	for (size_t i = 0; i < recorded_kind_count; i++)
		if (!strcmp(recorded_kinds[i].name, name)) {
			r->kind = &recorded_kinds[i];
			return 0;
		}
	return run_fail(PROF_USAGE, "--event %s: there is cpu, offcpu, lock, alloc, fault and syscall", name);
}

static int choose_ring(struct recording *r, const char *size)
{
	r->ring = size;
	return recorder_ring_fits(size) ? 0 : run_fail(PROF_USAGE, "--ring %s: " RECORDER_RINGS, size);
}

static int options_parse(struct recording *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "freq", required_argument, NULL, 'F' },  { "output", required_argument, NULL, 'o' },
		{ "event", required_argument, NULL, 'e' }, { "ring", required_argument, NULL, 'r' },
		{ "stack", required_argument, NULL, 's' }, { "preset", required_argument, NULL, 'p' },
		{ "outside", no_argument, NULL, 'O' },	   { "nmi", no_argument, NULL, 'n' },
		{ 0 },
	};
	int option, status = 0;

	while (!status && (option = getopt_long(argc, argv, "+F:o:e:", options, NULL)) != -1) {
		switch (option) {
		case 'F': status = number("-F", optarg, 10000, &r->hz); break;
		case 'o': r->out = optarg; break;
		case 'e': status = choose_kind(r, optarg); break;
		case 'r': status = choose_ring(r, optarg); break;
		case 's': status = number("--stack", optarg, TRACE_STACK_MAX, &r->stack); break;
		case 'p': r->preset = optarg; break;
		case 'O': r->outside = true; break;
		case 'n': r->nmi = true; break;
		default: return run_fail(PROF_USAGE, "see: saki prof --help; saki run's options go after \"--\"");
		}
	}
	r->program = argv + optind;
	if (!status && r->outside && (r->kind->words || r->ring))
		status = run_fail(PROF_USAGE,
				  "--outside: samples of the CPUs, and nothing in the guest: no --event and no --ring");
	if (!status && r->nmi && (r->kind->words || r->outside))
		status = run_fail(PROF_USAGE, "--nmi: how the guest samples its CPUs: no --event and no --outside");
	if (status || *r->program)
		return status;
	return run_fail(PROF_USAGE, "record: which program? See: saki prof --help");
}

/* HOST:GUEST[:...] of a --volume among saki-run's options. */
static void note_volume(struct recording *r, const char *spec)
{
	struct guest_volume *volume = &r->volumes[r->volume_count];
	char *text = strdup(spec), *guest = text ? strchr(text, ':') : NULL;

	if (!guest || r->volume_count == VOLUMES_MAX) {
		free(text);
		return;
	}
	*guest++ = '\0';
	guest[strcspn(guest, ":")] = '\0';
	volume->host = text;
	volume->guest = guest;
	r->volume_count++;
}

static void find_volumes(struct recording *r)
{
	static const char option[] = "--volume";

	for (char **word = r->program; *word && word[0][0] == '-'; word++) {
		if (!strncmp(*word, "--volume=", sizeof(option)))
			note_volume(r, *word + sizeof(option));
		else if (!strcmp(*word, option) && word[1])
			note_volume(r, *++word);
		else if (word[1] && word[1][0] != '-' && !strchr(*word, '='))
			word += word[2] != NULL;	/* perhaps its value: programs do not begin with dashes */
	}
}

static bool is_on_xen(const struct recording *r)
{
	return run_words_have(r->program, "--plat", "xen");
}

/* ---- running ---- */

/* saki-run --prepare: puts kernel and initrd into the folder. @return 0 or an exit status */
static int prepare(const struct recording *r)
{
	char build[PATH_MAX], path[PATH_MAX];
	size_t count = 0;
	int wait_status;
	char **argv;
	pid_t pid;

	if (image_build_dir(build) || (size_t)snprintf(path, sizeof(path), "%s/tools/saki-run", build) >= sizeof(path))
		return run_fail(PROF_ENVIRONMENT, "no saki-run: %s", strerror(errno));
	while (r->program[count])
		count++;
	argv = memory_new(count + 6, sizeof(*argv));
	memcpy(argv, (char *[]){ path, "--prepare", (char *)r->folder, "--preset", (char *)r->preset },
	       5 * sizeof(*argv));
	memcpy(argv + 5, r->program, count * sizeof(*argv));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		execv(path, argv);
		_exit(PROF_ENVIRONMENT);
	}
	free(argv);
	if (pid < 0 || waitpid(pid, &wait_status, 0) < 0)
		return run_fail(PROF_ENVIRONMENT, "%s: %s", path, strerror(errno));
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : PROF_ENVIRONMENT;
}

static void words_make(const struct recording *r, char words[WORDS])
{
	size_t at = r->kind->words ? (size_t)snprintf(words, WORDS, "%s", r->kind->words)
				   : (size_t)snprintf(words, WORDS, "prof=%ld", r->hz);

	if (r->nmi)
		at += (size_t)snprintf(words + at, WORDS - at, " prof.nmi");
	if (r->stack >= 0)
		at += (size_t)snprintf(words + at, WORDS - at, " prof.stack=%ld", r->stack);
	if (r->ring)
		snprintf(words + at, WORDS - at, " trace.ring=%s", r->ring);
}

static int convert(const struct recording *r, char **command)
{
	char stream[PATH_MAX + 16], kernel[PATH_MAX + 16], initrd[PATH_MAX + 16], error[PROFILE_ERROR];
	struct recorded recorded = { .stream = stream,
				     .kernel = kernel,
				     .initrd = initrd,
				     .volumes = r->volumes,
				     .volume_count = r->volume_count,
				     .kind = r->kind,
				     .out = r->out,
				     .command = command };

	snprintf(stream, sizeof(stream), "%s/" RECORDER_STREAM, r->folder);
	snprintf(kernel, sizeof(kernel), "%s/kernel", r->folder);
	snprintf(initrd, sizeof(initrd), "%s/initrd", r->folder);
	if (recorded_convert(&recorded, error))
		return run_fail(PROF_ENVIRONMENT, "%s", error);
	if (recorded.skipped)
		run_fail(0, "%" PRIu64 " records could not be read", recorded.skipped);
	if (r->count)
		return 0;
	run_fail(0, "%" PRIu64 " samples in %s; see: saki prof report %s, or", recorded.samples, r->out, r->out);
	run_fail(0, "  perf --buildid-dir %s.debug report -i %s", r->out, r->out);
	return 0;
}

/* Samples by a timer in the guest, or where something happens there. */
static int record_inside(struct recording *r, bool *recorded)
{
	char words[WORDS];
	struct recorder_options options = {
		.folder = r->folder, .preset = r->preset, .words = words, .arguments = r->program
	};
	struct recorder_result result;
	int status;

	words_make(r, words);
	status = recorder_run(&options, &result);
	*recorded = result.is_traced;
	return status;
}

/* Looks at a guest that knows nothing of it. */
static int record_outside(struct recording *r, bool *recorded)
{
	const struct outside_options options = { .folder = r->folder,
						 .preset = r->preset,
						 .hz = (unsigned)r->hz,
						 .stack_max = r->stack < 0 ? STACK_DEFAULT : (size_t)r->stack,
						 .is_xen = is_on_xen(r),
						 .count = r->count,
						 .program = r->program };

	return outside_record(&options, recorded);
}

static int run(struct recording *r, char **command)
{
	bool recorded = false;
	int status = prepare(r), err;

	if (status)
		return status;
	status = r->outside ? record_outside(r, &recorded) : record_inside(r, &recorded);
	if (!recorded)
		return status;
	err = convert(r, command);
	return err ? err : status;
}

static void folder_remove(const struct recording *r)
{
	static const char *const files[] = { RECORDER_STREAM, "kernel", "initrd", "line", "memory" };
	char path[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", r->folder, files[i]);
		unlink(path);
	}
	rmdir(r->folder);
}

static int record(struct recording *r, char **command)
{
	int status;

	/* Xen's guests have no emulator. */
	if (r->count && is_on_xen(r))
		return run_fail(PROF_USAGE, "count: only where the machine is QEMU's, not on xen");
	if ((size_t)snprintf(r->folder, sizeof(r->folder), "%s.XXXXXX", r->out) >= sizeof(r->folder) ||
	    !mkdtemp(r->folder))
		return run_fail(PROF_ENVIRONMENT, "%s: no folder can be made there: %s", r->out, strerror(errno));
	find_volumes(r);
	status = run(r, command);
	folder_remove(r);
	for (size_t i = 0; i < r->volume_count; i++)
		free(r->volumes[i].host);
	return status;
}

int cmd_record(int argc, char **argv)
{
	struct recording r = {
		.out = "perf.data", .preset = "default", .hz = 999, .stack = -1, .kind = recorded_kinds
	};
	int status = options_parse(&r, argc, argv);

	return status ? status : record(&r, argv);
}

int record_counts(const char *out, const char *preset, char **program, char **command)
{
	static const struct recorded_kind kind = { "count", NULL };
	struct recording r = { .out = out,
			       .preset = preset,
			       .hz = COUNT_HZ,
			       .outside = true,
			       .count = true,
			       .kind = &kind,
			       .program = program };

	return record(&r, command);
}
