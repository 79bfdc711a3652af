/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-xen on a machine that is no dom0: the program and an image go into the lab's dom0 (plat/xen/lab/lab.py), where
 * the same command line runs.
 */
#include "saki_xen.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PER_CLONE_MIB 4	/* what Xen keeps for one */
#define KERNEL_IN_DOM0 "/saki/saki.elf"
#define FOLDER_IN_DOM0 "/saki/program"

static int make_image(const char *root, const char *build, const char *preset)
{
	char preset_word[128], out[PATH_MAX];
	int status = -1;
	pid_t pid;

	if (getenv("SAKI_NO_BUILD"))
		return 0;
	snprintf(preset_word, sizeof(preset_word), "PRESET=%s", preset);
	snprintf(out, sizeof(out), "O=%s", build);
	pid = fork();
	if (!pid) {
		dup2(2, 1);
		execlp("make", "make", "-s", "-C", root, "image", "IMAGE=x86_64", preset_word, out, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* The lab's command line as it grows. */
struct words {
	char *word[2 * FILES_MAX];
	size_t count;
};

static void add(struct words *words, const char *option, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(struct words *words, const char *option, const char *fmt, ...)
{
	va_list list;

	if (words->count + 3 > sizeof(words->word) / sizeof(words->word[0]))
		abort();
	words->word[words->count++] = (char *)option;
	va_start(list, fmt);
	if (vasprintf(&words->word[words->count++], fmt, list) < 0)
		abort();
	va_end(list);
}

/* One word of a shell's, whatever is in it. */
static void put_word(FILE *command, const char *word)
{
	fputs(" '", command);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' }, command);
	fputc('\'', command);
}

/* dom0 is the first machine of the network; there is a bridge. */
static void put_network(FILE *command, const struct xen_options *options)
{
	uint32_t own = (options->address & (options->bits ? ~0u << (32 - options->bits) : 0)) + 1;

	fprintf(command, "ip addr add %u.%u.%u.%u/%u dev %s && exec", own >> 24, own >> 16 & 255, own >> 8 & 255,
		own & 255, options->bits, options->bridge);
}

/* The same command line: of a program, what was prepared of it. */
static char *make_command(const struct xen_options *options, int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *command = open_memstream(&text, &size);

	if (!command)
		abort();
	if (options->program)
		put_network(command, options);
	fputs(" /saki/saki-xen", command);
	if (options->program)
		fputs(" --folder " FOLDER_IN_DOM0, command);
	else
		fputs(" --kernel " KERNEL_IN_DOM0, command);
	for (int i = 1; i < argc; i++)
		put_word(command, argv[i]);
	fclose(command);
	return text;
}

/* The lab ends with us, as we with it. */
static int run_lab(char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execv(argv[0], argv);
		fprintf(stderr, "saki-xen: %s: %s\n", argv[0], strerror(errno));
		_exit(EXIT_ENVIRONMENT);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		if (interrupted)
			kill(pid, SIGTERM);
	return interrupted ? EXIT_INTERRUPTED : WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ENVIRONMENT;
}

int lab_run(const struct xen_options *options, int argc, char **argv)
{
	const char *root = getenv("SAKI_ROOT"), *build = getenv("SAKI_BUILD");
	unsigned domains = options->count + (options->program != NULL), mib = options->memory_mib;
	struct words words = { .count = 1 };
	char tool[PATH_MAX];

	if (!root || !build) {
		fprintf(stderr, "saki-xen: this machine is no dom0, and the lab is started by ./saki only\n");
		return EXIT_ENVIRONMENT;
	}
	if (!options->program && make_image(root, build, options->preset)) {
		fprintf(stderr, "saki-xen: image x86_64 with preset %s could not be built\n", options->preset);
		return EXIT_ENVIRONMENT;
	}
	snprintf(tool, sizeof(tool), "%s/plat/xen/lab/lab.py", root);
	words.word[0] = tool;
	words.word[words.count++] = "run";
	add(&words, "--program", "%s/tools/saki-xen:/saki/saki-xen", build);
	if (options->program)
		add(&words, "--file", "%s:" FOLDER_IN_DOM0, options->folder);
	else
		add(&words, "--file", "%s/x86_64-%s/saki.elf:" KERNEL_IN_DOM0, build, options->preset);
	add(&words, "--spare", "%u", domains * (mib + PER_CLONE_MIB));
	words.word[words.count++] = make_command(options, argc, argv);
	words.word[words.count] = NULL;
	return run_lab(words.word);
}
