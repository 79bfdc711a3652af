/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's terminal. Two devices: /dev/console (also tty) reads the console and writes to it (the runner's
 * stdout); /dev/errout is the same terminal written to the kernel log's place (the runner's stderr), for a program's
 * fd 2.
 */
#pragma once

#include <kernel/types.h>

struct file;
struct terminal;

/* What programs write to either device goes there instead; NULL: back to the machine. Harness mode: the channel. */
void console_set_sink(void (*sink)(const char *text, size_t len));

/* Opens the terminal without a path: as standard input and output, or for errors. -ENOMEM. */
int console_open(unsigned flags, struct file **out);
int console_open_errors(unsigned flags, struct file **out);

/* For devices, while they are looked for at boot: takes the machine's console's place, for good. */
void console_use(struct terminal *terminal);
/* Waits until all that was written has gone out. Threads. */
void console_drain(void);
/* "console=WORD" is on the command line. */
bool console_option(const char *word);
