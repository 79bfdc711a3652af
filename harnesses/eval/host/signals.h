/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT end everything that was started; nothing is left behind. They are blocked, and
 * read where something is waited for.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define INTERRUPTED 130 /* the exit status then */

/* Blocks them, and those of children. Once, before any of both is there. */
void signals_block(void);
/* A descriptor that is readable when one came, or when a child has ended. -1 with errno. */
int signals_open(void);
/* Takes what came. True when one of them ends everything. */
bool signals_read(int fd);
/* Waits so long, or until a child ends. True when everything is to end, then and ever after. */
bool signals_pause(int ms);

/*
 * Runs make or another tool, ended by them; its output is for people.
 * @return its exit status, INTERRUPTED, -1: it could not be run
 */
int tool_wait(char *const argv[]);
/* The same, its standard output into fd (-1: nowhere), and its messages nowhere. */
int tool_output(char *const argv[], int fd);

/* A tool that goes on beside us. It has a process group of its own, which is ended as a whole. */
struct tool {
	pid_t pid;
};
/* @return 0, or -1 with errno */
int tool_start(struct tool *tool, char *const argv[]);
bool tool_is_alive(const struct tool *tool);
void tool_end(struct tool *tool);
