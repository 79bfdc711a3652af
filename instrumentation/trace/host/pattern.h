/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events as people choose them: patterns with commas between, "name", "group:name", "group:*" or "*", each with
 * "?CONDITION&CONDITION..." or without; a condition is ARGUMENT, ==, !=, <, <=, > or >=, and a number, one of the
 * names that the argument's values have, a system call's name or an error's (ENOENT). Arguments of all events are cpu
 * and thread.
 */
#pragma once

#include "stream.h"

/* What the kernel takes of one condition. */
#define PATTERN_CONDITIONS_MAX 4
#define PATTERN_WORD_MAX 1000

/*
 * Checks a list of patterns, and writes it as the kernel wants it, with numbers, to *word, which is to be freed.
 * @return 0, or -1 with one line in error (STREAM_ERROR bytes).
 */
int pattern_check(const struct stream_events *events, const char *list, char **word, char *error);

/* True when an event is one of a list; what follows a "?" is not looked at. */
bool pattern_names(const char *list, const struct stream_event *event);
