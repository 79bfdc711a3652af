/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies between the kernel and the program, and the cursor over many spans.
 */
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/user.h>
#include "mm_test.h"

#define BASE UINT64_C(0x10000000)	/* two pages, then a hole */
#define HOLE (BASE + 2 * PAGE_SIZE)

static struct aspace *as, *former;

static bool start(void)
{
	former = aspace_current();
	if (aspace_create(&as))
		return false;
	aspace_activate(as);
	return aspace_mmap(as, BASE, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			   NULL, 0) == (long)BASE;
}

static void finish(void)
{
	aspace_activate(former);
	aspace_put(as);
}

TEST(user_copies_cross_pages)
{
	char out[300], in[300];

	CHECK(start());
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7);
	CHECK_EQ(user_copy_out(BASE + PAGE_SIZE - 100, out, sizeof(out)), 0);
	CHECK_EQ(user_copy_in(in, BASE + PAGE_SIZE - 100, sizeof(in)), 0);
	CHECK_EQ(memcmp(in, out, sizeof(in)), 0);
	CHECK_EQ(user_zero(BASE + PAGE_SIZE - 1, 2), 0);
	CHECK_EQ(user_copy_in(in, BASE + PAGE_SIZE - 2, 4), 0);
	CHECK(in[0] == out[98] && in[1] == 0 && in[2] == 0 && in[3] == out[101]);
	CHECK_EQ(user_copy_out(HOLE - 10, out, 11), -EFAULT);
	CHECK_EQ(user_copy_in(in, HOLE - 10, 11), -EFAULT);
	CHECK_EQ(user_zero(HOLE - 10, 11), -EFAULT);
	CHECK_EQ(user_copy_in(in, 0, 0), 0);
	finish();
}

TEST(user_strings_end_somewhere)
{
	char buf[32];

	CHECK(start());
	CHECK_EQ(user_copy_out(BASE + PAGE_SIZE - 3, "sakisaki", 9), 0);
	CHECK_EQ(user_copy_string(buf, BASE + PAGE_SIZE - 3, sizeof(buf)), 8);
	CHECK_STR(buf, "sakisaki");
	CHECK_EQ(user_copy_string(buf, BASE + PAGE_SIZE - 3, 9), 8);
	CHECK_EQ(user_copy_string(buf, BASE + PAGE_SIZE - 3, 8), -ENAMETOOLONG);
	CHECK_EQ(user_copy_string(buf, BASE, 0), -ENAMETOOLONG);
	CHECK_EQ(user_copy_string(buf, HOLE, sizeof(buf)), -EFAULT);
	CHECK_EQ(user_copy_string(buf, 0, sizeof(buf)), -EFAULT);
	CHECK_EQ(user_copy_string(buf, USER_END, sizeof(buf)), -EFAULT);
	CHECK_EQ(user_copy_out(HOLE - 4, "xxxx", 4), 0);
	CHECK_EQ(user_copy_string(buf, HOLE - 4, sizeof(buf)), -EFAULT);
	finish();
}

TEST(io_walks_over_spans)
{
	char a[3], b[1], c[5], in[16];
	struct io_span spans[] = { { (uintptr_t)a, 3 }, { 0, 0 }, { (uintptr_t)b, 1 }, { (uintptr_t)c, 5 }, { 0, 0 } };
	struct io io;

	io_user_spans(&io, spans, array_size(spans));
	io.kernel = true;
	CHECK_EQ(io.remaining, 9);
	CHECK_EQ(io_put(&io, "12345", 5), 5);
	CHECK_EQ(io.remaining, 4);
	io_revert(&io, 3);
	CHECK_EQ(io.remaining, 7);
	CHECK_EQ(io_put(&io, "abcdefghij", 10), 7);
	CHECK_EQ(io_put(&io, "k", 1), 0);
	CHECK_EQ(memcmp(a, "12a", 3), 0);
	CHECK_EQ(b[0], 'b');
	CHECK_EQ(memcmp(c, "cdefg", 5), 0);
	io_revert(&io, 9);
	CHECK_EQ(io_get(&io, in, sizeof(in)), 9);
	CHECK_EQ(memcmp(in, "12abcdefg", 9), 0);
	io_revert(&io, 5);
	CHECK_EQ(io_put_zero(&io, 2), 2);
	CHECK_EQ(memcmp(c, "\0\0efg", 5), 0);
	CHECK_EQ(io.remaining, 3);
}

TEST(io_of_one_span)
{
	char buf[4] = "abc", in[8];
	struct io io;

	io_kernel(&io, buf, 3);
	CHECK_EQ(io_get(&io, in, 2), 2);
	CHECK_EQ(io_get(&io, in + 2, 2), 1);
	CHECK_EQ(memcmp(in, "abc", 3), 0);
	io_kernel(&io, buf, 0);
	CHECK_EQ(io_get(&io, in, 1), 0);
	io_user(&io, BASE, UINT64_MAX);
	CHECK_EQ(io.remaining, 0x7ffff000);
}

TEST(io_stops_at_a_fault)
{
	char buf[64] = { 0 };
	struct io io;

	CHECK(start());
	io_user(&io, HOLE - 10, 20);
	CHECK_EQ(io_put(&io, buf, 20), 10);
	CHECK_EQ(io.remaining, 10);
	CHECK_EQ(io_put(&io, buf, 10), -EFAULT);
	io_user(&io, (uintptr_t)buf, 8);
	CHECK_EQ(io_put(&io, buf, 8), -EFAULT);
	io_user(&io, HOLE, 8);
	CHECK_EQ(io_get(&io, buf, 8), -EFAULT);
	CHECK_EQ(io_put_zero(&io, 8), -EFAULT);
	finish();
}

TEST(io_import_checks_spans)
{
	struct io_span fast[8], *spans, iov[12];
	struct io io;

	CHECK(start());
	for (unsigned i = 0; i < 12; i++)
		iov[i] = (struct io_span){ BASE + i, i };
	CHECK_EQ(user_copy_out(BASE, iov, sizeof(iov)), 0);
	CHECK_EQ(io_import(&io, BASE, 8, fast, &spans), 0);
	CHECK(spans == fast && io.remaining == 28);
	CHECK_EQ(io_import(&io, BASE, 12, fast, &spans), 0);
	CHECK(spans != fast && io.remaining == 66);
	heap_free(spans);
	CHECK_EQ(io_import(&io, BASE, 0, fast, &spans), 0);
	CHECK_EQ(io.remaining, 0);
	CHECK_EQ(io_import(&io, BASE, 1025, fast, &spans), -EINVAL);
	CHECK_EQ(io_import(&io, HOLE - 8, 1, fast, &spans), -EFAULT);
	iov[1].len = UINT64_C(1) << 63;
	CHECK_EQ(user_copy_out(BASE, iov, sizeof(iov)), 0);
	CHECK_EQ(io_import(&io, BASE, 12, fast, &spans), -EINVAL);
	iov[1] = (struct io_span){ USER_END - 4, 8 };
	CHECK_EQ(user_copy_out(BASE, iov, sizeof(iov)), 0);
	CHECK_EQ(io_import(&io, BASE, 2, fast, &spans), -EFAULT);
	iov[1] = (struct io_span){ BASE, 0x7fffffff };
	iov[2] = (struct io_span){ BASE, 10 };
	CHECK_EQ(user_copy_out(BASE, iov, sizeof(iov)), 0);
	CHECK_EQ(io_import(&io, BASE, 3, fast, &spans), 0);
	CHECK_EQ(io.remaining, 0x7ffff000);
	finish();
}
