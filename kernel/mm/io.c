/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cursor over the memory of a read or write: one or many spans, the program's or the kernel's.
 */
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/user.h>
#include <arch/arch.h>

#define IO_BYTES_MAX (INT32_MAX & PAGE_MASK)	/* MAX_RW_COUNT: what one call moves at most */

static void io_start(struct io *io, uint64_t base, size_t len, bool kernel)
{
	io->one = (struct io_span){ base, len };
	io->spans = &io->one;
	io->span_count = 1;
	io->span_offset = 0;
	io->remaining = len;
	io->kernel = kernel;
}

void io_user(struct io *io, user_ptr_t base, size_t len)
{
	io_start(io, base, min(len, IO_BYTES_MAX), false);
}

void io_kernel(struct io *io, void *base, size_t len)
{
	io_start(io, (uintptr_t)base, len, true);
}

void io_user_spans(struct io *io, const struct io_span *spans, size_t count)
{
	io->spans = spans;
	io->span_count = count;
	io->span_offset = 0;
	io->remaining = 0;
	io->kernel = false;
	for (size_t i = 0; i < count; i++)
		io->remaining += spans[i].len;
}

/* Checks the spans, foreign ones without their bases, and cuts them to what one call may move. */
static int check_spans(struct io_span *spans, size_t count, bool foreign)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		if ((int64_t)spans[i].len < 0)
			return -EINVAL;
		if (!foreign && !user_ok(spans[i].base, spans[i].len) && spans[i].len)
			return -EFAULT;
		spans[i].len = min(spans[i].len, IO_BYTES_MAX - total);
		total += spans[i].len;
	}
	return 0;
}

static int import(struct io *io, user_ptr_t iov, size_t count, struct io_span fast[8], struct io_span **spans,
		  bool foreign)
{
	int err;

	*spans = fast;
	if (count > IO_SPANS_MAX)
		return -EINVAL;
	if (count > 8) {
		*spans = heap_alloc(count * sizeof(**spans));
		if (!*spans) {
			*spans = fast;
			return -ENOMEM;
		}
	}
	/* struct iovec is { base, len }, as struct io_span. */
	err = user_copy_in(*spans, iov, count * sizeof(**spans));
	if (!err)
		err = check_spans(*spans, count, foreign);
	if (err) {
		if (*spans != fast)
			heap_free(*spans);
		*spans = fast;
		return err;
	}
	io_user_spans(io, *spans, count);
	return 0;
}

int io_import(struct io *io, user_ptr_t iov, size_t count, struct io_span fast[8], struct io_span **spans)
{
	return import(io, iov, count, fast, spans, false);
}

int io_import_foreign(struct io *io, user_ptr_t iov, size_t count, struct io_span fast[8], struct io_span **spans)
{
	return import(io, iov, count, fast, spans, true);
}

static void advance(struct io *io, size_t len)
{
	io->span_offset += len;
	io->remaining -= len;
}

/* The next stretch of memory, at most len bytes; 0 at the end. */
static size_t next_stretch(struct io *io, size_t len, uint64_t *address)
{
	if (!io->remaining)
		return 0;
	while (io->span_offset == io->spans->len) {
		io->spans++;
		io->span_count--;
		io->span_offset = 0;
	}
	*address = io->spans->base + io->span_offset;
	return min(len, io->spans->len - io->span_offset);
}

enum io_direction { IO_PUT, IO_GET, IO_ZERO };

static size_t move_kernel(uint64_t address, char *data, size_t len, enum io_direction direction)
{
	void *memory = (void *)(uintptr_t)address;

	if (direction == IO_ZERO)
		memset(memory, 0, len);
	else
		memcpy(direction == IO_PUT ? memory : data, direction == IO_PUT ? data : memory, len);
	return 0;
}

/* How many bytes were not moved. */
static size_t move_user(uint64_t address, char *data, size_t len, enum io_direction direction)
{
	if (!user_ok(address, len))
		return len;
	switch (direction) {
	case IO_PUT:
		return arch_user_copy_out(address, data, len);
	case IO_GET:
		return arch_user_copy_in(data, address, len);
	default:
		return arch_user_zero(address, len);
	}
}

static ssize_t move(struct io *io, char *data, size_t len, enum io_direction direction)
{
	size_t done = 0, n, missed;
	uint64_t address;

	while (done < len && (n = next_stretch(io, len - done, &address))) {
		char *from = data ? data + done : NULL;

		missed = io->kernel ? move_kernel(address, from, n, direction) : move_user(address, from, n, direction);
		advance(io, n - missed);
		done += n - missed;
		if (missed)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

ssize_t io_put(struct io *io, const void *src, size_t len)
{
	return move(io, (char *)(uintptr_t)src, len, IO_PUT);
}

ssize_t io_get(struct io *io, void *dst, size_t len)
{
	return move(io, dst, len, IO_GET);
}

ssize_t io_put_zero(struct io *io, size_t len)
{
	return move(io, NULL, len, IO_ZERO);
}

void io_revert(struct io *io, size_t len)
{
	io->remaining += len;
	while (len > io->span_offset) {
		len -= io->span_offset;
		io->spans--;
		io->span_count++;
		io->span_offset = io->spans->len;
	}
	io->span_offset -= len;
}
