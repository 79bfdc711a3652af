/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a machine says: see stream.h.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPACITY (STREAM_FIRST + STREAM_LAST)

int stream_open(struct stream *stream, int *theirs)
{
	int ends[2];

	*stream = (struct stream){ .fd = -1, .text = calloc(1, CAPACITY + 1) };
	if (!stream->text || pipe2(ends, O_CLOEXEC))
		return -1;
	stream->fd = ends[0];
	*theirs = ends[1];
	return 0;
}

/* Room for n more bytes, at the cost of the oldest of the last ones. */
static void make_room(struct stream *stream, size_t n)
{
	size_t over = stream->len + n > CAPACITY ? stream->len + n - CAPACITY : 0;
	char *last = stream->text + STREAM_FIRST;

	if (!over)
		return;
	memmove(last, last + over, stream->len - STREAM_FIRST - over);
	stream->len -= over;
	stream->dropped += over;
}

void stream_read(struct stream *stream)
{
	char buf[STREAM_LAST / 2];
	ssize_t n = read(stream->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close(stream->fd);
		stream->fd = -1;
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = '?';
	make_room(stream, (size_t)n);
	memcpy(stream->text + stream->len, buf, (size_t)n);
	stream->len += (size_t)n;
	stream->text[stream->len] = '\0';
}

void stream_read_to_end(struct stream *stream)
{
	while (stream->fd >= 0)
		stream_read(stream);
}

void stream_close(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream->text);
	*stream = (struct stream){ .fd = -1 };
}
