/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What findings and replays show of programs: text with the results of a run, the files beside a finding's input.
 */
#pragma once

#include <stdio.h>

#include "executor.h"

/* The program as text, each call with its result where the verdict holds it. */
void program_show(FILE *out, const uint8_t *data, size_t size, const struct verdict *verdict);
/* Writes FOLDER/input.txt and FOLDER/reproducer.c. 0 or -1 with errno. */
int program_save_texts(const char *folder, const uint8_t *data, size_t size, const struct verdict *verdict);
/* The name of a system call by x86_64's number; "call N" when it is none of ours. */
void program_call_name(uint32_t number, char *name, size_t size);
