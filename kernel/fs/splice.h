/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moving bytes between open files without the program's memory.
 */
#pragma once

#include "pipe.h"

/* Where one side of a move is: at offset, which moves along. */
struct splice_side {
	struct file *file;
	off_t *offset; /* NULL: the file's own position, or a pipe */
};

/* Read and write at the side; the buffer is the kernel's. */
ssize_t splice_read_side(const struct splice_side *side, void *buf, size_t len);
ssize_t splice_write_side(const struct splice_side *side, void *buf, size_t len);
/* From one file to another, neither a pipe's input side: stops at the end, or where the output takes no more. */
ssize_t splice_copy(const struct splice_side *in, const struct splice_side *out, size_t len);
/* From a pipe to a file; to a pipe; between pipes, moving (copy false) or doubling (tee) what is there. */
ssize_t splice_from_pipe(struct pipe *pipe, const struct splice_side *out, size_t len, bool nonblock);
ssize_t splice_to_pipe(const struct splice_side *in, struct pipe *pipe, size_t len, bool nonblock);
ssize_t splice_pipes(struct pipe *in, struct pipe *out, size_t len, bool nonblock, bool copy);
