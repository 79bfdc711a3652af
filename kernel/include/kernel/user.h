/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's memory, as the kernel may touch it. Programs run at the kernel's own privilege level, so what is
 * allowed is decided by one fixed range (user_ok) and never by the page tables alone: everything else is -EFAULT by
 * construction. The range is the same in every world (the host world translates it in software), and so are all
 * addresses in it.
 *
 * All functions act on the running thread's address space, and may sleep (a page may have to be made).
 */
#pragma once

#include <kernel/compiler.h>

#define USER_START UINT64_C(0x10000)
#define USER_END UINT64_C(0x00007ffffffff000)	/* one past the last byte */

/* True when [p, p + len) lies in the program's range; an empty range at any address in it, or at 0, is fine. */
static inline bool user_ok(user_ptr_t p, size_t len)
{
	if (len == 0)
		return p <= USER_END;
	return p >= USER_START && p < USER_END && len <= USER_END - p;
}

/* 0 or -EFAULT. On a fault part of the destination may have been written. */
int user_copy_in(void *dst, user_ptr_t src, size_t len) MUST_CHECK;
int user_copy_out(user_ptr_t dst, const void *src, size_t len) MUST_CHECK;
int user_zero(user_ptr_t dst, size_t len) MUST_CHECK;
/* Length without the NUL; -ENAMETOOLONG when there is no NUL in size bytes; -EFAULT. */
ssize_t user_copy_string(char *dst, user_ptr_t src, size_t size) MUST_CHECK;
/* For values: user_read(&value, ptr), user_write(ptr, &value). */
#define user_read(value_ptr, src) user_copy_in((value_ptr), (src), sizeof(*(value_ptr)))
#define user_write(dst, value_ptr) user_copy_out((dst), (value_ptr), sizeof(*(value_ptr)))

/**
 * A structure of size bytes, of which the first known are known here: what it has beyond must be zero. -EFAULT; -E2BIG:
 * it is not, or it is larger than a page.
 */
int user_copy_struct(void *dst, size_t known, user_ptr_t src, size_t size) MUST_CHECK;

/* ---- a cursor over the memory of a read or write ---- */

struct io_span {
	uint64_t base;		/* program address, or kernel address when the cursor is a kernel one */
	uint64_t len;
};

/*
 * Where a read puts its bytes, or a write takes them from: one or many spans, the program's or the kernel's.
 * The spans stay the caller's. Copies stop at the end of the last span.
 */
struct io {
	const struct io_span *spans;
	size_t span_count;
	size_t span_offset;	/* into spans[0] */
	size_t remaining;	/* bytes left in all */
	bool kernel;
	struct io_span one;	/* storage for the one-span case */
};

#define IO_SPANS_MAX 1024	/* IOV_MAX */

void io_user(struct io *io, user_ptr_t base, size_t len);
void io_kernel(struct io *io, void *base, size_t len);
/* spans: as copied from the program's struct iovec array and checked by io_import(). */
void io_user_spans(struct io *io, const struct io_span *spans, size_t count);
/**
 * Copies count struct iovec from the program into spans (heap memory if > 8; *spans to be freed with heap_free() when
 * it differs from fast), checks that lengths add up to at most INT_MAX & PAGE_MASK (cut as Linux does) and bases are
 * user_ok().
 * @return 0, -EINVAL, -EFAULT, -ENOMEM.
 */
int io_import(struct io *io, user_ptr_t iov, size_t count, struct io_span fast[8], struct io_span **spans);
/* The same for spans of another program's memory: what is wrong with their bases is told by the copies. */
int io_import_foreign(struct io *io, user_ptr_t iov, size_t count, struct io_span fast[8], struct io_span **spans);

/*
 * Copy len bytes to (a read) or from (a write) the cursor and move it. Bytes copied, which is fewer than len only at
 * the end or after a fault; -EFAULT when nothing was copied because of a fault.
 */
ssize_t io_put(struct io *io, const void *src, size_t len);
ssize_t io_get(struct io *io, void *dst, size_t len);
ssize_t io_put_zero(struct io *io, size_t len);
/* Moves the cursor back by what was just consumed and could not be used. */
void io_revert(struct io *io, size_t len);
