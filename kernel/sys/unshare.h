/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process stops sharing (unshare.c).
 */
#pragma once

struct process;

/* Its descriptors are its own from now on. Of the running process, with one thread. -ENOMEM. */
int unshare_files(struct process *process);
