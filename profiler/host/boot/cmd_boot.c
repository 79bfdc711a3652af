/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof boot: boots a program and shows where the time went until it began.
 */
#include "../prof.h"
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <instrumentation/trace/host/recorder.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAMPS_MAX 1024

struct boot {
	const char *out, *preset;
	int64_t min_ns;
	bool json;
	char **program;		/* saki-run's options, program and arguments */
	char folder[32];	/* of what is in the making */
};

/* ---- what was asked for ---- */

static int choose_min(struct boot *b, const char *text)
{
	char *end;
	double ms = strtod(text, &end);

	if (end == text || *end || !(ms >= 0 && ms < 1e6))
		return run_fail(PROF_USAGE, "--min %s: milliseconds", text);
	b->min_ns = (int64_t)(ms * 1e6);
	return 0;
}

/* What is not ours is saki-run's, from the first such word on. */
static int options_parse(struct boot *b, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },	    { "output", required_argument, NULL, 'o' },
		{ "preset", required_argument, NULL, 'p' }, { "min", required_argument, NULL, 'm' },
		{ 0 },
	};
	int option, status = 0, first = 1;

	opterr = 0;
	while (!status && (option = getopt_long(argc, argv, "+:o:", options, NULL)) != -1 && option != '?') {
		switch (option) {
		case 'j': b->json = true; break;
		case 'o': b->out = optarg; break;
		case 'p': b->preset = optarg; break;
		case 'm': status = choose_min(b, optarg); break;
		default: return run_fail(PROF_USAGE, "%s wants a value; see: saki prof --help", argv[optind - 1]);
		}
		first = optind;
	}
	b->program = argv + first + (first < argc && !strcmp(argv[first], "--"));
	return status;
}

/* Options of saki-run with which there is no boot that could be charted. */
static int check(const struct boot *b)
{
	static const struct {
		const char *option, *value, *reason;
	} refused[] = {
		{ "--plat", "xen", "only where the machine is QEMU's, not on xen" },
		{ "--world", NULL, "only of the vm world: a process of this machine does not boot" },
		{ "--unit-tests", NULL, "until a program begins; unit tests are none" },
		{ "--prepare", NULL, "--prepare boots nothing" },
		{ "--gdb", NULL, "--gdb waits for somebody, which would be what is measured" },
		{ "--memory-fd", NULL, "the machine's memory is ours: no --memory-fd" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (run_words_have(b->program, refused[i].option, refused[i].value))
			return run_fail(PROF_USAGE, "boot: %s", refused[i].reason);
	return *b->program ? 0 : run_fail(PROF_USAGE, "boot: which program? See: saki prof --help");
}

/* The first word that is no option and no option's value; only for what is said to people. */
static const char *program_name(const struct boot *b)
{
	char **word = b->program;

	while (word[0][0] == '-' && word[1])
		word += word[1][0] != '-' && !strchr(word[0], '=') && word[2] ? 2 : 1;
	return *word;
}

/* ---- running ---- */

/* saki-run's options, behind the one that is ours; NULL at the end. */
static char **arguments(const struct boot *b, char *stamps_fd)
{
	size_t count = 0;
	char **words;

	while (b->program[count])
		count++;
	words = calloc(count + 3, sizeof(*words));
	if (!words)
		return NULL;
	words[0] = (char *)"--stamps-fd";
	words[1] = stamps_fd;
	memcpy(words + 2, b->program, count * sizeof(*words));
	return words;
}

static void read_stamps(int fd, char stamps[STAMPS_MAX])
{
	ssize_t n;
	size_t len = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (len < STAMPS_MAX - 1 && (n = read(fd, stamps + len, STAMPS_MAX - 1 - len)) > 0)
		len += (size_t)n;
	stamps[len] = '\0';
}

/* @return saki-run's status, or why it was not run */
static int record(const struct boot *b, struct recorder_result *result, struct clock_bounds *clock,
		  char stamps[STAMPS_MAX])
{
	struct recorder_options options = {
		.folder = b->folder, .preset = b->preset, .words = "trace=boot:* trace.ring=256K", .clock = clock
	};
	char fd_text[16], **words = NULL;
	int ends[2], status;

	if (pipe(ends))
		return run_fail(PROF_ENVIRONMENT, "no pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	snprintf(fd_text, sizeof(fd_text), "%d", ends[1]);
	words = arguments(b, fd_text);
	options.arguments = words;
	status = words ? recorder_run(&options, result) : run_fail(PROF_ENVIRONMENT, "no memory");
	read_stamps(ends[0], stamps);
	close(ends[0]);
	close(ends[1]);
	free(words);
	return status;
}

/* ---- showing ---- */

static int write_picture(const struct boot *b, const struct chart *chart)
{
	FILE *out = fopen(b->out, "we");
	bool failed;

	if (!out)
		return run_fail(PROF_ENVIRONMENT, "%s: %s", b->out, strerror(errno));
	chart_print_svg(chart, b->min_ns, out);
	failed = fflush(out) || ferror(out);
	fclose(out);
	return failed ? run_fail(PROF_ENVIRONMENT, "%s: cannot be written", b->out) : 0;
}

static int show(const struct boot *b, const struct chart *chart)
{
	int status = b->out ? write_picture(b, chart) : 0;

	if (b->json)
		chart_print_json(chart, stdout);
	else
		chart_print(chart, b->min_ns, stdout);
	if (fflush(stdout) || ferror(stdout))
		status = run_fail(PROF_ENVIRONMENT, "standard output: cannot be written");
	return status;
}

static int run(const struct boot *b, struct chart *chart, struct clock_bounds *clock)
{
	char stream[sizeof(b->folder) + 16], stamps[STAMPS_MAX] = "", error[STEPS_ERROR];
	struct recorder_result result = { 0 };
	struct steps_sources sources = { .stream = stream, .stamps = stamps, .clock = clock };
	int made;

	chart->program = program_name(b);
	chart->status = record(b, &result, clock, stamps);
	if (!result.is_traced)
		return chart->status;
	snprintf(stream, sizeof(stream), "%s/" RECORDER_STREAM, b->folder);
	sources.start_ns = result.start_ns;
	sources.end_ns = machine_now_ns();
	made = steps_chart(&sources, chart, error);
	if (made < 0)
		return run_fail(PROF_ENVIRONMENT, "%s", error);
	/* Why it was not started has been said, by the kernel. */
	if (made)
		return chart->status ? chart->status
				     : run_fail(PROF_ENVIRONMENT, "the machine ended before it started a program");
	made = show(b, chart);
	return made ? made : chart->status;
}

static void folder_remove(const struct boot *b)
{
	static const char *const files[] = { RECORDER_STREAM, RECORDER_KERNEL };
	char path[sizeof(b->folder) + 16];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->folder, files[i]);
		unlink(path);
	}
	rmdir(b->folder);
}

int cmd_boot(int argc, char **argv)
{
	struct boot b = { .preset = "default", .min_ns = 100000, .folder = "/tmp/saki-boot-XXXXXX" };
	struct clock_bounds *clock = calloc(1, sizeof(*clock));
	struct chart *chart = calloc(1, sizeof(*chart));
	int status = options_parse(&b, argc, argv);

	if (!status)
		status = check(&b);
	if (!status && (!clock || !chart || !mkdtemp(b.folder)))
		status = run_fail(PROF_ENVIRONMENT, "%s: %s", b.folder, strerror(errno));
	if (!status) {
		status = run(&b, chart, clock);
		folder_remove(&b);
	}
	free(clock);
	free(chart);
	return status;
}
