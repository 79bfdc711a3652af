/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of saki-xen share.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum { EXIT_DONE = 0, EXIT_COMMAND = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3, EXIT_INTERRUPTED = 130 };

#define CLONES_MAX 256
#define FILES_MAX 32

struct xen_options {
	const char *harness, *preset, *kernel;
	unsigned count, memory_mib, seconds;	/* memory_mib 0: as what is booted needs */
	bool json, verbose;
	/* A program instead of a harness. */
	char **program;				/* NULL at the end; NULL: none */
	const char *folder;			/* what saki-run has prepared of it; NULL: nothing yet */
	const char *files[FILES_MAX];		/* HOST:GUEST */
	size_t file_count;
	const char *append, *disk;		/* NULL: none */
	const char *net, *bridge;		/* "10.77.0.2/24" */
	unsigned address, bits;			/* the same in numbers, in the CPU's order */
	unsigned port;				/* 0: none */
	const char *run;			/* a command for dom0's shell; NULL: none */
};

/* A signal has come: all is to end. */
extern volatile sig_atomic_t interrupted;

/* One line on stderr; EXIT_ENVIRONMENT. */
int environment_error(const char *text);

/*
 * lab.c: on a machine that is no dom0, does all of it in the lab's. @return an exit status.
 */
int lab_run(const struct xen_options *options, int argc, char **argv);

/* bench.c */
int cmd_bench(const struct xen_options *options);

/* warm.c: the same of a program */
int cmd_clone_program(const struct xen_options *options);
int cmd_bench_program(const struct xen_options *options);

/*
 * prepare.c: what is booted of a program, in a new folder: kernel, initrd, line and memory by saki-run, and the disk.
 * Options' folder and memory become what they are. @return 0 or an exit status, after an error line.
 */
int program_prepare(struct xen_options *options);
void program_forget(const char *folder);

/* bench.c: how long something took, many times; for people or for a script, of whose object the last is the end. */
#define ROW_MAX 1000
struct row {
	const char *what;
	unsigned count;
	double ms[ROW_MAX];
};
void row_show(const struct xen_options *options, struct row *row, bool last);
