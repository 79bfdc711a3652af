/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making a file of a stream that came from elsewhere. See forward.h.
 */
#include "forward.h"

#include <errno.h>
#include <unistd.h>

static bool read_at(const struct rings *rings, void *to, size_t size, uint64_t at)
{
	return pread(rings->stream_fd, to, size, (off_t)at) == (ssize_t)size;
}

static void take_end(struct rings *rings, uint64_t at)
{
	struct forward_end end;

	if (!read_at(rings, &end, sizeof(end), at + sizeof(struct trace_block)))
		return;
	rings->broken = end.broken;
	if (end.header.magic == TRACE_STREAM_MAGIC) {
		rings->area = end.header.area;
		if (pwrite(rings->stream_fd, &end.header, sizeof(end.header), 0) != sizeof(end.header))
			rings->error = errno;
	}
	if (ftruncate(rings->stream_fd, (off_t)at))
		rings->error = errno;
}

void rings_take_forward(struct rings *rings)
{
	struct trace_stream header;
	struct trace_block block;
	uint64_t at = sizeof(header);

	if (!read_at(rings, &header, sizeof(header), 0) || header.magic != TRACE_STREAM_MAGIC)
		return;
	rings->area = header.area;
	rings->area_at = 1;
	at += ((uint64_t)header.description_size + 7) & ~UINT64_C(7);
	for (; read_at(rings, &block, sizeof(block), at); at += sizeof(block) + block.size) {
		if (block.cpu == FORWARD_END && block.size == sizeof(struct forward_end)) {
			take_end(rings, at);
			return;
		}
		if (block.cpu < TRACE_CPUS_MAX)
			rings->lost[block.cpu] = block.lost;
		rings->bytes += block.size;
	}
}
