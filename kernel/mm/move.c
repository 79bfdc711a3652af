/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes between two programs' memories: through a page of the kernel's, with one address space active and then the
 * other. So rights, faults and what a fuzzer notes of written pages are as when the programs do it.
 */
#include <kernel/aspace.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/user.h>

struct side {
	struct aspace *as;
	struct io *io;
};

/* At most a page. What was read and could not be written is left out of the result. */
static ssize_t move_some(const struct side *from, const struct side *to, char *buf, size_t len)
{
	ssize_t n;

	aspace_activate(from->as);
	n = io_get(from->io, buf, len);
	aspace_activate(to->as);
	return n > 0 ? io_put(to->io, buf, (size_t)n) : n;
}

static ssize_t move_all(const struct side *from, const struct side *to, char *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t wanted = min(len - done, PAGE_SIZE);
		ssize_t n = move_some(from, to, buf, wanted);

		done += n > 0 ? (size_t)n : 0;
		if (n != (ssize_t)wanted)
			return done ? (ssize_t)done : n;
	}
	return (ssize_t)done;
}

ssize_t aspace_move(struct aspace *as, struct io *other, struct io *own, bool write)
{
	const struct side ours = { aspace_current(), own }, theirs = { as, other };
	size_t len = min(min(own->remaining, other->remaining), FILE_TRANSFER_MAX);
	char *buf = heap_alloc(PAGE_SIZE);
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	n = write ? move_all(&ours, &theirs, buf, len) : move_all(&theirs, &ours, buf, len);
	aspace_activate(ours.as);
	heap_free(buf);
	return n;
}
