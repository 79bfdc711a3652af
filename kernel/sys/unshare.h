/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process stops sharing (unshare.c).
 */
#pragma once

struct fd_table;
struct process;

/* A copy of its descriptors, if it shares them, and NULL if not. -ENOMEM. */
int unshare_files_prepare(struct process *process, struct fd_table **own);
/* The copy, or NULL, is what it has from now on; its only thread is the running one. Process NULL: it is not wanted. */
void unshare_files_finish(struct process *process, struct fd_table *own);
