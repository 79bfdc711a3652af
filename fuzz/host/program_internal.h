/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tools that read, write and change programs share.
 */
#pragma once

#include <fuzz/abi/program.h>
#include <fuzz/host/program_text.h>

/* True for an identifier: specials such as "-1" are written as numbers. */
bool program_is_name(const char *name);
/* A type of one word. */
bool program_is_scalar(const struct desc_type *type);
/* True when argument `arg` holds nothing but results that get names, so that the text form leaves it out. */
bool program_is_elided(const struct desc_call *desc, unsigned arg);
/* Appends a value of this type as plain as can be: zeros, empty strings, NULL where that is fine. False: no room. */
bool program_add_default(struct program *program, const struct desc_type *type, enum desc_dir dir);
/* Sets the span of the tree that starts at node `first`, whose last node is the program's last. */
void program_close_tree(struct program *program, unsigned first);
