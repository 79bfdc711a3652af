/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bugs that option PLANTED puts into the kernel, by number: bits of the channel's canary words, names for reports.
 */
#pragma once

#define PLANTED_BUGS(X)                                                                                                \
	X(HEAP_OVERFLOW, "heap-overflow")                                                                              \
	X(USE_AFTER_FREE, "use-after-free")                                                                            \
	X(DOUBLE_FREE, "double-free")                                                                                  \
	X(NULL_DEREFERENCE, "null-dereference")                                                                        \
	X(ENDLESS_LOOP, "endless-loop")                                                                                \
	X(LEAKED_FILE, "leaked-file")                                                                                  \
	X(UNINITIALISED_READ, "uninitialised-read")                                                                    \
	X(LOST_TABLES, "lost-tables")                                                                                  \
	X(DEAF_LOOP, "deaf-loop")

#define PLANTED_ENUM(name, text) PLANTED_##name,
enum planted { PLANTED_BUGS(PLANTED_ENUM) PLANTED_COUNT };
#undef PLANTED_ENUM
