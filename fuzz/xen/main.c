/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-xen: clones of a domain of Xen's, without a fuzzer: "saki xen clone|list|destroy|bench".
 */
#include "internal.h"
#include "saki_xen.h"
#include "store.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

static const char help[] =
	"usage: saki xen clone [OPTIONS] PROGRAM [ARGS...]   a server, cloned when it is ready to serve\n"
	"       saki xen clone [OPTIONS]                     a harness, cloned when it is ready for inputs\n"
	"       saki xen list                                all clones that there are\n"
	"       saki xen destroy [DOMAIN...]                 these, or all\n"
	"       saki xen bench [OPTIONS] [PROGRAM [ARGS...]] boot, clone, reset: how long each takes\n"
	"\n"
	"PROGRAM is one of the catalogue or of this machine, as saki run has it. It boots, and when it is ready it\n"
	"is asked to suspend itself; each clone has a name, a MAC and an IP address and secrets of its own, and\n"
	"serves at once. Without --port it is ready when it has slept for 200 ms. In the dom0 that this is, or else\n"
	"in the lab's (make xen-lab), which is at the first address of --net and lives as long as the command. No\n"
	"clone outlives it.\n"
	"\n"
	"  --count N             clones (10)\n"
	"  --time S              keep them for S seconds (0)\n"
	"  --mem MIB             memory of each (32; of a program what it needs)\n"
	"  --preset P            of the image (fuzz; of a program default)\n"
	"  --json                one object\n"
	"  --harness H           what is booted where there is no program (syscall)\n"
	"of a program:\n"
	"  --port N              it is ready when it takes connections at that TCP port; each clone is asked too\n"
	"  --run COMMAND         a command of dom0's shell, once all run; their addresses are in $CLONES\n"
	"  --net ADDRESS/BITS    the first boot's address, clones have the next ones (10.77.0.2/24)\n"
	"  --bridge NAME         of dom0's, that they are on (xenbr0)\n"
	"  --file HOST:GUEST     put a file or folder into the guest; may be repeated\n"
	"  --disk FILE[:GUEST]   an image that all see as /dev/xvda, and none can write\n"
	"  --append STR          more words for the kernel's command line\n"
	"  --verbose             what they say on their consoles, on standard error\n"
	"\n"
	"  example: saki xen clone --count 3 --port 80 --run 'wget -qO- $CLONES' nginx\n"
	"  exit status: 0 done, 1 COMMAND failed, 2 usage, 3 environment, 130 interrupted\n";

volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

int environment_error(const char *text)
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
	struct cloner_options wanted = { .kernel = options->kernel,
					 .memory_mib = options->memory_mib,
					 .interrupted = &interrupted };
	char line[128], error[CLONER_ERROR] = "";
	struct cloner *cloner;
	int err;

	snprintf(line, sizeof(line), "harness=%s", options->harness);
	wanted.command_line = line;
	cloner = cloner_open(&wanted, error);
	if (!cloner)
		return interrupted ? EXIT_INTERRUPTED : environment_error(error);
	err = make_clones(options, cloner, clones, error);
	for (unsigned i = 0; i < options->count; i++)
		clone_free(clones[i]);
	cloner_close(cloner);
	return err ? environment_error(error) : interrupted ? EXIT_INTERRUPTED : EXIT_DONE;
}

static int cmd_list(bool json)
{
	static struct clone_info clones[CLONES_MAX];
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	size_t count = xc ? clones_list(xc, clones, CLONES_MAX) : 0;

	if (!xc)
		return environment_error("Xen does not answer");
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

/* Whoever is named and is no clone. */
static int complain(char **words, const struct clone_info *clones, size_t count)
{
	int status = EXIT_DONE;

	for (; *words; words++) {
		size_t i = 0;

		while (i < count && strtoul(*words, NULL, 10) != clones[i].domain)
			i++;
		if (i < count)
			continue;
		fprintf(stderr, "saki-xen: domain %s is no clone\n", *words);
		status = EXIT_ENVIRONMENT;
	}
	return status;
}

/* Only clones: any other domain is its toolstack's. */
static int cmd_destroy(char **words, bool json)
{
	static struct clone_info clones[CLONES_MAX];
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	size_t count = xc ? clones_list(xc, clones, CLONES_MAX) : 0, destroyed = 0;
	struct xs_handle *store = store_open();

	if (!xc)
		return environment_error("Xen does not answer");
	for (size_t i = 0; i < count; i++) {
		if (!is_named(clones[i].domain, words))
			continue;
		if (store)
			store_remove(store, clones[i].domain);
		domain_destroy(xc, clones[i].domain);
		destroyed++;
	}
	if (store)
		xs_close(store);
	xc_interface_close(xc);
	printf(json ? "{\"destroyed\":%zu}\n" : "%zu destroyed\n", destroyed);
	return complain(words, clones, count);
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

static int check_command(struct xen_options *options, const char *command, char **words)
{
	if (!command)
		return usage_error("a command is wanted");
	if (strcmp(command, "clone") && strcmp(command, "list") && strcmp(command, "destroy") &&
	    strcmp(command, "bench"))
		return usage_error("there are clone, list, destroy and bench");
	if (!strcmp(command, "list") && *words)
		return usage_error("list takes no more words");
	if (!strcmp(command, "destroy")) {
		for (; *words; words++)
			if (number(*words) == UINT_MAX)
				return usage_error("domains are numbers");
		return 0;
	}
	options->program = *words ? words : NULL;
	return 0;
}

/* "10.77.0.2/24", and so many behind it that are not the network's last. */
static int check_net(struct xen_options *options)
{
	unsigned a, b, c, d, bits, rest;
	char end;

	if (sscanf(options->net, "%3u.%3u.%3u.%3u/%2u%c", &a, &b, &c, &d, &bits, &end) != 5 || a > 255 || b > 255 ||
	    c > 255 || d > 255 || bits < 8 || bits > 30)
		return usage_error("--net is ADDRESS/BITS, as 10.77.0.2/24");
	options->address = a << 24 | b << 16 | c << 8 | d;
	options->bits = bits;
	rest = options->address & ((1u << (32 - bits)) - 1);
	if (rest < 2 || rest + options->count >= (1u << (32 - bits)) - 1)
		return usage_error("--net has not enough addresses for --count, behind the first one");
	return 0;
}

static int check_numbers(struct xen_options *options)
{
	unsigned most = options->program ? 2048 : 1024;

	if (!options->program && (options->port || options->run || options->disk || options->file_count))
		return usage_error("--port, --run, --disk and --file are of a PROGRAM, which is missing");
	if (!options->memory_mib && !options->program)
		options->memory_mib = 32;
	if (!options->preset)
		options->preset = options->program ? "default" : "fuzz";
	if (!options->count || options->count > CLONES_MAX || options->seconds == UINT_MAX ||
	    (options->memory_mib && (options->memory_mib < 16 || options->memory_mib > most)))
		return usage_error("--count is 1 to 256, --mem 16 to 1024 (2048 of a program), --time a number");
	if (options->port > 65535)
		return usage_error("--port is 1 to 65535");
	if (strspn(options->bridge, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
	    strlen(options->bridge))
		return usage_error("--bridge is an interface's name");
	return options->program ? check_net(options) : 0;
}

static int set_option(struct xen_options *options, int option)
{
	switch (option) {
	case 'H': options->harness = optarg; return 0;
	case 'p': options->preset = optarg; return 0;
	case 'k': options->kernel = optarg; return 0;
	case 'F': options->folder = optarg; return 0;
	case 'n': options->count = number(optarg); return 0;
	case 'm':
		options->memory_mib = number(optarg);
		return options->memory_mib ? 0 : usage_error("--mem is 16 to 1024 (2048 of a program)");
	case 't': options->seconds = number(optarg); return 0;
	case 'P': options->port = number(optarg); return options->port ? 0 : usage_error("--port is 1 to 65535");
	case 'r': options->run = optarg; return 0;
	case 'N': options->net = optarg; return 0;
	case 'b': options->bridge = optarg; return 0;
	case 'd': options->disk = optarg; return 0;
	case 'a': options->append = optarg; return 0;
	case 'f':
		if (options->file_count == FILES_MAX)
			return usage_error("--file: too many; a folder can be given too");
		options->files[options->file_count++] = optarg;
		return 0;
	case 'v': options->verbose = true; return 0;
	case 'j': options->json = true; return 0;
	case 'h': fputs(help, stdout); exit(0);
	default: return usage_error("no such option, or one that lacks its value");
	}
}

static int read_options(struct xen_options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "harness", required_argument, NULL, 'H' }, { "preset", required_argument, NULL, 'p' },
		{ "kernel", required_argument, NULL, 'k' },  { "folder", required_argument, NULL, 'F' },
		{ "count", required_argument, NULL, 'n' },   { "mem", required_argument, NULL, 'm' },
		{ "time", required_argument, NULL, 't' },    { "port", required_argument, NULL, 'P' },
		{ "run", required_argument, NULL, 'r' },     { "net", required_argument, NULL, 'N' },
		{ "bridge", required_argument, NULL, 'b' },  { "disk", required_argument, NULL, 'd' },
		{ "append", required_argument, NULL, 'a' },  { "file", required_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },	     { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+h", table, NULL)) != -1)
		if (set_option(options, option))
			return EXIT_USAGE;
	return 0;
}

/* Options come before the command and behind it; what is behind a program is the program's. */
static int parse(struct xen_options *options, int argc, char **argv, const char **command)
{
	opterr = 0;
	if (read_options(options, argc, argv))
		return EXIT_USAGE;
	*command = argv[optind];
	if (*command) {
		optind++;
		if (read_options(options, argc, argv))
			return EXIT_USAGE;
	}
	if (check_command(options, *command, argv + optind))
		return EXIT_USAGE;
	return check_numbers(options);
}

static int run_here(const struct xen_options *options, const char *command, char **words)
{
	switch (*command) {
	case 'c': return options->program ? cmd_clone_program(options) : cmd_clone(options);
	case 'l': return cmd_list(options->json);
	case 'd': return cmd_destroy(words, options->json);
	default: return options->program ? cmd_bench_program(options) : cmd_bench(options);
	}
}

int main(int argc, char **argv)
{
	struct xen_options options = {
		.harness = "syscall", .count = 10, .net = "10.77.0.2/24", .bridge = "xenbr0"
	};
	struct sigaction action = { .sa_handler = on_signal };
	const char *command;
	bool prepared = false;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse(&options, argc, argv, &command))
		return EXIT_USAGE;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (options.program && !options.folder) {
		prepared = true;
		status = program_prepare(&options);
	} else {
		status = 0;
	}
	if (status)
		status = interrupted ? EXIT_INTERRUPTED : status;
	else if (!cloner_possible())
		status = lab_run(&options, argc, argv);
	else if (!options.program && !options.kernel && (*command == 'c' || *command == 'b'))
		status = usage_error("--kernel FILE is wanted in a dom0");
	else
		status = run_here(&options, command, argv + optind);
	if (prepared && options.folder)
		program_forget(options.folder);
	return status;
}
