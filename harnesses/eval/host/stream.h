/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a machine says on one of its outputs: the first and the last of it are kept, however much there is.
 */
#pragma once

#include <stddef.h>

#define STREAM_FIRST (96 << 10)
#define STREAM_LAST (32 << 10)

struct stream {
	int fd;			/* our end; -1: closed */
	char *text;		/* NUL-terminated; a NUL that was said is '?' */
	size_t len;
	size_t dropped;		/* bytes between the first and the last */
};

/* @param theirs gets the end that is written to, which is the caller's to close. @return 0, or -1 with errno */
int stream_open(struct stream *stream, int *theirs);
/* Reads once what there is; closes at the end. It must not be called when nothing is there, unless it may wait. */
void stream_read(struct stream *stream);
void stream_read_to_end(struct stream *stream);
void stream_close(struct stream *stream);
