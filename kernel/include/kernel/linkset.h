/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linker sets: how drivers, file systems, platforms, tests, harnesses, ... register themselves by one line.
 *
 * An entry is a *pointer* in section <set>_set, so entries of any type and size pack without padding. The order
 * of a set is the linker's business: where order matters, entries carry a level and the user of the set sorts.
 *
 *	LINKSET_ADD(platform, &pc_platform);
 *	LINKSET_FOREACH(platform, const struct platform, p) { ... }
 */
#pragma once

#include <kernel/compiler.h>

#define LINKSET_ADD(set, pointer)                                                                                      \
	static const void *const CONCAT(set##_entry_, __COUNTER__)                                                     \
		__attribute__((used, retain, section(#set "_set"), no_sanitize("address"))) = (pointer)

/* The weak bounds let a set be empty. */
#define LINKSET_DECLARE(set)                                                                                           \
	extern const void *const __start_##set##_set[] __attribute__((weak));                                          \
	extern const void *const __stop_##set##_set[] __attribute__((weak))

/* Needs LINKSET_DECLARE(set) in scope. */
#define LINKSET_FOREACH(set, type, var)                                                                                \
	for (const void *const *var##_slot = __start_##set##_set; var##_slot < __stop_##set##_set; var##_slot++)       \
		for (type *var = (type *)*var##_slot; var; var = NULL)
