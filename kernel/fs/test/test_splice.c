/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * splice, tee, vmsplice, sendfile, copy_file_range.
 */
#include "fs_test.h"

static user_ptr_t put_offset(int64_t offset)
{
	return systest_value(2048, &offset);
}

static int64_t offset_now(void)
{
	int64_t offset;

	systest_read(SYSTEST_MEM + 2048, &offset);
	return offset;
}

FSTEST(sendfile_copies)
{
	int in = fs_test_file("in", O_RDWR, "hello world"), out = fs_test_file("out", O_RDWR, "");
	struct fs_test_pair p = fs_test_pipe(O_NONBLOCK);

	CHECK_EQ(sys(SYS_sendfile, out, in, 0, 100), 11);
	CHECK_EQ(sys(SYS_sendfile, out, in, 0, 100), 0);
	CHECK_EQ(sys(SYS_sendfile, p.out, in, put_offset(6), 3), 3);
	CHECK_EQ(offset_now(), 9);
	CHECK(fs_test_reads(p.in, "wor"));
	CHECK_ERR(sys(SYS_sendfile, out, p.in, 0, 1), EINVAL);
	CHECK_ERR(sys(SYS_sendfile, out, p.in, put_offset(0), 1), ESPIPE);
	CHECK_ERR(sys(SYS_sendfile, 99, in, 0, 1), EBADF);
	CHECK_ERR(sys(SYS_sendfile, out, 99, 0, 1), EBADF);
	CHECK_ERR(sys(SYS_sendfile, p.in, in, 0, 1), EBADF);
	CHECK_ERR(sys(SYS_sendfile, out, in, put_offset(-1), 1), EINVAL);
	CHECK_ERR(sys(SYS_sendfile, out, in, SYSTEST_BAD, 1), EFAULT);
	out = (int)sys(SYS_open, P("out"), O_WRONLY | O_APPEND);
	CHECK_ERR(sys(SYS_sendfile, out, in, put_offset(0), 1), EINVAL);
}

FSTEST(splice_in_all_directions)
{
	int in = fs_test_file("in", O_RDWR, "hello"), out = fs_test_file("out", O_RDWR, "");
	struct fs_test_pair a = fs_test_pipe(O_NONBLOCK), b = fs_test_pipe(O_NONBLOCK);

	CHECK_EQ(sys(SYS_splice, in, 0, a.out, 0, 3, 0), 3);
	CHECK_EQ(sys(SYS_splice, in, put_offset(1), a.out, 0, 100, 0), 4);
	CHECK_EQ(sys(SYS_tee, a.in, b.out, 5, 0), 5);
	CHECK_EQ(sys(SYS_splice, a.in, 0, b.out, 0, 4, 0), 4);
	CHECK(fs_test_reads(b.in, "helelhele"));
	CHECK_EQ(sys(SYS_splice, a.in, 0, out, put_offset(2), 100, 0), 3);
	CHECK_EQ(offset_now(), 5);
	CHECK_EQ(sys(SYS_pread64, out, SYSTEST_MEM, 10, 0), 5);
	CHECK_MEM(SYSTEST_MEM, "\0\0llo", 5);
	CHECK_ERR(sys(SYS_splice, a.in, 0, out, 0, 1, 0), EAGAIN);
	CHECK_EQ(sys(SYS_splice, a.in, 0, out, 0, 0, 0), 0);
	CHECK_EQ(sys(SYS_close, a.out), 0);
	CHECK_EQ(sys(SYS_splice, a.in, 0, out, 0, 1, 0), 0);
}

FSTEST(splice_errors)
{
	int in = fs_test_file("in", O_RDWR, "hello"), append = fs_test_file("out", O_WRONLY | O_APPEND, "");
	struct fs_test_pair a = fs_test_pipe(O_NONBLOCK), b = fs_test_pipe(O_NONBLOCK);

	CHECK_ERR(sys(SYS_splice, in, 0, a.out, 0, 1, 16), EINVAL);
	CHECK_ERR(sys(SYS_splice, 99, 0, a.out, 0, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_splice, in, 0, 99, 0, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_splice, a.out, 0, b.out, 0, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_splice, in, 0, in, 0, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_splice, a.in, 0, a.out, 0, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_splice, a.in, put_offset(0), in, 0, 1, 0), ESPIPE);
	CHECK_ERR(sys(SYS_splice, in, 0, a.out, put_offset(0), 1, 0), ESPIPE);
	CHECK_ERR(sys(SYS_splice, in, SYSTEST_BAD, a.out, 0, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_splice, a.in, 0, append, 0, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_tee, in, a.out, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_tee, a.in, a.out, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_tee, a.in, b.out, 1, 16), EINVAL);
	CHECK_ERR(sys(SYS_tee, 99, b.out, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_tee, a.in, b.out, 1, 0), EAGAIN);
}

FSTEST(vmsplice_copies_memory)
{
	struct fs_test_pair p = fs_test_pipe(O_NONBLOCK);
	uint64_t iov[2] = { P("data"), 4 };

	CHECK_EQ(sys(SYS_vmsplice, p.out, systest_value(1024, &iov), 1, 0), 4);
	iov[0] = SYSTEST_MEM;
	CHECK_EQ(sys(SYS_vmsplice, p.in, systest_value(1024, &iov), 1, 0), 4);
	CHECK_MEM(SYSTEST_MEM, "data", 4);
	CHECK_ERR(sys(SYS_vmsplice, p.in, systest_value(1024, &iov), 1, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERR(sys(SYS_vmsplice, 99, SYSTEST_MEM + 1024, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_vmsplice, fs_test_file("f", O_RDWR, ""), SYSTEST_MEM + 1024, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_vmsplice, p.out, SYSTEST_MEM + 1024, 1, 16), EINVAL);
	CHECK_ERR(sys(SYS_vmsplice, p.out, SYSTEST_BAD, 1, 0), EFAULT);
}

FSTEST(copy_file_range_copies)
{
	int in = fs_test_file("in", O_RDWR, "0123456789"), out = fs_test_file("out", O_RDWR, "");
	int append = (int)sys(SYS_open, P("out"), O_WRONLY | O_APPEND), dir = (int)sys(SYS_open, P("."), O_RDONLY);
	struct fs_test_pair p = fs_test_pipe(0);

	CHECK_EQ(sys(SYS_copy_file_range, in, put_offset(7), out, 0, 100, 0), 3);
	CHECK_EQ(offset_now(), 10);
	CHECK_EQ(sys(SYS_lseek, out, 0, SEEK_CUR), 3);
	CHECK_EQ(sys(SYS_copy_file_range, in, 0, out, 0, 2, 0), 2);
	CHECK_EQ(sys(SYS_copy_file_range, in, put_offset(99), out, 0, 2, 0), 0);
	CHECK_EQ(sys(SYS_pread64, out, SYSTEST_MEM, 10, 0), 5);
	CHECK_MEM(SYSTEST_MEM, "78901", 5);
	CHECK_ERR(sys(SYS_copy_file_range, in, put_offset(0), in, 0, 5, 0), EINVAL);
	CHECK_ERR(sys(SYS_copy_file_range, in, 0, out, 0, 1, 1), EINVAL);
	CHECK_ERR(sys(SYS_copy_file_range, in, 0, append, 0, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_copy_file_range, 99, 0, out, 0, 1, 0), EBADF);
	CHECK_ERR(sys(SYS_copy_file_range, dir, 0, out, 0, 1, 0), EISDIR);
	CHECK_ERR(sys(SYS_copy_file_range, p.in, 0, out, 0, 1, 0), EINVAL);
	CHECK_ERR(sys(SYS_copy_file_range, in, 0, sys(SYS_memfd_create, P("m"), 0), 0, 1, 0), EXDEV);
	CHECK_ERR(sys(SYS_copy_file_range, in, SYSTEST_BAD, out, 0, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_copy_file_range, in, put_offset(1), out, 0, UINT64_MAX, 0), EOVERFLOW);
	CHECK_ERR(sys(SYS_copy_file_range, in, 0, out, put_offset(INT64_MAX), 1, 0), EFBIG);
	CHECK_EQ(sys(SYS_copy_file_range, in, put_offset(8), out, 0, INT64_MAX, 0), 2);
}
