/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-xen: clones of a domain of Xen's, without a fuzzer: "saki xen clone|list|destroy|bench".
 */
#include "internal.h"
#include "saki_xen.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLONES_MAX 256

static const char help[] =
	"usage: saki xen clone [--count N] [--time S] [options]   boots a machine, clones it, keeps that for a time\n"
	"       saki xen list                                     all clones that there are\n"
	"       saki xen destroy [DOMAIN...]                      these, or all\n"
	"       saki xen bench [--count N] [options]              boot, clone, reset: how long each takes\n"
	"\n"
	"  --harness H   what is booted (syscall)     --mem MIB    its memory (32)\n"
	"  --preset P    of the image (fuzz)          --json       one object\n"
	"\n"
	"In the dom0 that this is, or else in the lab's, which lives as long as the command.\n"
	"  example: saki xen clone --count 10\n"
	"  exit status: 0 done, 2 usage, 3 environment, 130 interrupted\n";

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

static int fail(const char *text)
{
	fprintf(stderr, "saki-xen: %s\n", text);
	return EXIT_ENVIRONMENT;
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static int make_clones(const struct xen_options *options, struct cloner *cloner, struct clone **clones, char *error)
{
	if (options->json)
		fputs("{\"clones\":[", stdout);
	for (unsigned i = 0; i < options->count && !interrupted; i++) {
		struct timespec start;

		clock_gettime(CLOCK_MONOTONIC, &start);
		clones[i] = cloner_clone(cloner, error);
		if (!clones[i])
			return -1;
		printf(options->json ? "%s{\"domain\":%u,\"ms\":%.3f,\"memory_kib\":%zu}"
				     : "%sdomain %u: cloned in %.1f ms, %zu KiB\n",
		       options->json && i ? "," : "", clone_domain(clones[i]), ms_since(&start),
		       cloner->page_count * (PAGE / 1024));
	}
	if (options->json)
		puts("]}");
	for (unsigned i = 0; i < options->seconds && !interrupted; i++)
		sleep(1);
	return 0;
}

static int cmd_clone(const struct xen_options *options)
{
	static struct clone *clones[CLONES_MAX];
	struct cloner_options wanted = { .kernel = options->kernel, .memory_mib = options->memory_mib };
	char line[128], error[CLONER_ERROR] = "";
	struct cloner *cloner;
	int err;

	snprintf(line, sizeof(line), "harness=%s", options->harness);
	wanted.command_line = line;
	cloner = cloner_open(&wanted, error);
	if (!cloner)
		return fail(error);
	err = make_clones(options, cloner, clones, error);
	for (unsigned i = 0; i < options->count; i++)
		clone_free(clones[i]);
	cloner_close(cloner);
	return err ? fail(error) : interrupted ? EXIT_INTERRUPTED : EXIT_DONE;
}

static int cmd_list(bool json)
{
	static struct clone_info clones[CLONES_MAX];
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	size_t count = xc ? clones_list(xc, clones, CLONES_MAX) : 0;

	if (!xc)
		return fail("Xen does not answer");
	if (json)
		fputs("{\"clones\":[", stdout);
	for (size_t i = 0; i < count; i++)
		printf(json ? "%s{\"domain\":%u,\"parent\":%u,\"state\":\"%s\",\"memory_kib\":%zu,\"cpu_s\":%.3f}"
			    : "%s%u, of %u: %s, %zu KiB, %.1f s of CPU time\n",
		       json && i ? "," : "", clones[i].domain, clones[i].parent, clones[i].state,
		       clones[i].pages * (PAGE / 1024), (double)clones[i].cpu_ns / 1e9);
	if (json)
		puts("]}");
	xc_interface_close(xc);
	return EXIT_DONE;
}

static bool is_named(uint32_t domain, char **words)
{
	bool named = !*words;

	for (; *words; words++)
		named |= strtoul(*words, NULL, 10) == domain;
	return named;
}

/* Only clones: any other domain is its toolstack's. */
static int cmd_destroy(char **words, bool json)
{
	static struct clone_info clones[CLONES_MAX];
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	size_t count = xc ? clones_list(xc, clones, CLONES_MAX) : 0, destroyed = 0;

	if (!xc)
		return fail("Xen does not answer");
	for (size_t i = 0; i < count; i++) {
		if (!is_named(clones[i].domain, words))
			continue;
		domain_destroy(xc, clones[i].domain);
		destroyed++;
	}
	xc_interface_close(xc);
	printf(json ? "{\"destroyed\":%zu}\n" : "%zu destroyed\n", destroyed);
	return EXIT_DONE;
}

static int usage_error(const char *text)
{
	fprintf(stderr, "saki-xen: %s; try --help\n", text);
	return EXIT_USAGE;
}

/* UINT_MAX, which no option allows, for what is no number. */
static unsigned number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *text < '0' || *text > '9' || *end || value > UINT_MAX ? UINT_MAX : (unsigned)value;
}

static int check_words(char **words)
{
	if (!*words)
		return usage_error("a command is wanted");
	if (strcmp(*words, "clone") && strcmp(*words, "list") && strcmp(*words, "destroy") && strcmp(*words, "bench"))
		return usage_error("there are clone, list, destroy and bench");
	if (strcmp(*words, "destroy"))
		return words[1] ? usage_error("only destroy takes more words") : 0;
	for (words++; *words; words++)
		if (number(*words) == UINT_MAX)
			return usage_error("domains are numbers");
	return 0;
}

static int parse(struct xen_options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "harness", required_argument, NULL, 'H' }, { "preset", required_argument, NULL, 'p' },
		{ "kernel", required_argument, NULL, 'k' },  { "count", required_argument, NULL, 'n' },
		{ "mem", required_argument, NULL, 'm' },     { "time", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },	     { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		switch (option) {
		case 'H': options->harness = optarg; break;
		case 'p': options->preset = optarg; break;
		case 'k': options->kernel = optarg; break;
		case 'n': options->count = number(optarg); break;
		case 'm': options->memory_mib = number(optarg); break;
		case 't': options->seconds = number(optarg); break;
		case 'j': options->json = true; break;
		case 'h': fputs(help, stdout); exit(0);
		default: return usage_error("no such option, or one that lacks its value");
		}
	}
	if (!options->count || options->count > CLONES_MAX || options->memory_mib < 16 || options->memory_mib > 1024 ||
	    options->seconds == UINT_MAX)
		return usage_error("--count is 1 to 256, --mem 16 to 1024, --time a number");
	return check_words(argv + optind);
}

int main(int argc, char **argv)
{
	struct xen_options options = { .harness = "syscall", .preset = "fuzz", .count = 10, .memory_mib = 32 };
	struct sigaction action = { .sa_handler = on_signal };
	const char *command;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse(&options, argc, argv))
		return EXIT_USAGE;
	command = argv[optind];
	if (!cloner_possible())
		return lab_run(&options, argc, argv);
	if (!options.kernel && (*command == 'c' || *command == 'b'))
		return usage_error("--kernel FILE is wanted in a dom0");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	switch (*command) {
	case 'c': return cmd_clone(&options);
	case 'l': return cmd_list(options.json);
	case 'd': return cmd_destroy(argv + optind + 1, options.json);
	default: return cmd_bench(&options);
	}
}
