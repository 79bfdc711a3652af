/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of C++ as its source has them. A name may be anything that somebody wrote into a file. */
#pragma once

#define DEMANGLE_MAX 4096	/* bytes: longer names stay as they are, and those that would become longer */

/* To be freed. NULL: the name is none of C++'s, or takes too long to be taken apart, which is tried for a second. */
char *demangle(const char *name);
