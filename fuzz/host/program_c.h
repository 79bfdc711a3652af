/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a program as a C file that makes the same calls through syscall(2): same arguments, same addresses, same files
 * to play with (in a new temporary folder). It compiles for Linux without anything else, and prints each result.
 */
#pragma once

#include <fuzz/abi/program.h>
#include <stdio.h>

void program_write_c(FILE *out, const struct program *program);
