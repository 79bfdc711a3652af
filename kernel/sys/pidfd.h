/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors that stand for processes.
 */
#pragma once

#include <kernel/compiler.h>

struct process;

/*
 * A new one, close-on-exec; flags: of O_NONBLOCK. Takes over the reference, on an error too.
 * Number, -EMFILE, -ENOMEM.
 */
int pidfd_create(struct process *process, unsigned flags) MUST_CHECK;
/* The process behind one, referenced, and whether waits for it return at once (may be NULL); NULL: it is none. */
struct process *pidfd_get(int fd, bool *nonblocking);
