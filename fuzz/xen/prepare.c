/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is booted of a program of the catalogue or of this machine: saki-run knows, and puts it into a folder.
 */
#include "saki_xen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 4096
#define RUN_USAGE 122

/* The program beside this one. */
static int find_run(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 16);
	char *slash;

	if (n < 0)
		return -1;
	path[n] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "saki-run");
	return access(path, X_OK);
}

struct words {
	char *word[WORDS_MAX + 1];
	size_t count;
};

static void add(struct words *words, const char *option, const char *value)
{
	if (value && words->count + 2 <= WORDS_MAX) {
		words->word[words->count++] = (char *)option;
		words->word[words->count++] = (char *)value;
	}
}

static int run(char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		/* Neither a terminal nor a stream of ours is the program's. */
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(2, 1);
		execv(argv[0], argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The file itself, or in a lab to be a copy of it. */
static int link_disk(const char *disk, const char *folder)
{
	char file[PATH_MAX], real[PATH_MAX], path[PATH_MAX];

	snprintf(file, sizeof(file), "%.*s", (int)strcspn(disk, ":"), disk);
	snprintf(path, sizeof(path), "%s/disk", folder);
	return realpath(file, real) ? symlink(real, path) : -1;
}

static unsigned read_memory(const char *folder)
{
	char path[PATH_MAX];
	unsigned mib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory", folder);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%u", &mib) != 1)
		mib = 0;
	fclose(file);
	return mib;
}

static int run_saki_run(const struct xen_options *options, char *tool, const char *folder)
{
	static struct words words;
	static char memory[16], disk[PATH_MAX];

	words.word[words.count++] = tool;
	add(&words, "--plat", "xen");
	add(&words, "--prepare", folder);
	add(&words, "--preset", options->preset);
	add(&words, "--append", options->append);
	for (size_t i = 0; i < options->file_count; i++)
		add(&words, "--file", options->files[i]);
	snprintf(memory, sizeof(memory), "%uM", options->memory_mib);
	add(&words, "--mem", options->memory_mib ? memory : NULL);
	snprintf(disk, sizeof(disk), "%s:ro", options->disk ? options->disk : "");
	add(&words, "--disk", options->disk ? disk : NULL);
	for (char **word = options->program; *word && words.count < WORDS_MAX; word++)
		words.word[words.count++] = *word;
	return run(words.word);
}

int program_prepare(struct xen_options *options)
{
	static char folder[] = "/tmp/saki-clone-XXXXXX";
	char tool[PATH_MAX];
	int status;

	if (find_run(tool) || !mkdtemp(folder)) {
		fprintf(stderr, "saki-xen: what is to be booted cannot be made: %s\n", strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	options->folder = folder;
	status = run_saki_run(options, tool, folder);
	if (!status && options->disk && link_disk(options->disk, folder)) {
		fprintf(stderr, "saki-xen: --disk %s: %s\n", options->disk, strerror(errno));
		status = EXIT_USAGE;
	}
	options->memory_mib = read_memory(folder);
	return !status ? 0 : status == RUN_USAGE || status == EXIT_USAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

void program_forget(const char *folder)
{
	static const char *const names[] = { "kernel", "initrd", "line", "memory", "disk" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}
