/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's terminal. Two devices: /dev/console (also tty) reads the machine's console and writes to it (the
 * runner's stdout); /dev/errout is the same terminal written to the kernel log's place (the runner's stderr), for a
 * program's fd 2.
 */
#pragma once

#include <kernel/types.h>

struct file;

/* What programs write to either device goes there instead; NULL: back to the machine. Harness mode: the channel. */
void console_set_sink(void (*sink)(const char *text, size_t len));

/* Opens the terminal without a path: as standard input and output, or for errors. -ENOMEM. */
int console_open(unsigned flags, struct file **out);
int console_open_errors(unsigned flags, struct file **out);
