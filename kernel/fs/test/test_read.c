/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * read, write, their vector and positioned forms, lseek; sparse files and limits.
 */
#include "fs_test.h"

#include <kernel/abi/signal.h>
#include <kernel/signal.h>

struct iovec {
	uint64_t base, len;
};

FSTEST(read_and_write_move_the_position)
{
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_write, fd, P("hello world"), 11), 11);
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM, 5), 0);
	CHECK_EQ(sys(SYS_lseek, fd, 6, SEEK_SET), 6);
	CHECK(fs_test_reads(fd, "world"));
	CHECK_EQ(sys(SYS_pread64, fd, SYSTEST_MEM, 5, 0), 5);
	CHECK_MEM(SYSTEST_MEM, "hello", 5);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_CUR), 11);
	CHECK_EQ(sys(SYS_pwrite64, fd, P("J"), 1, 0), 1);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK(fs_test_reads(fd, "Jello world"));
}

FSTEST(read_write_errors)
{
	int fd = fs_test_file("f", O_RDONLY, ""), out = fs_test_file("g", O_WRONLY, "x");
	struct fs_test_pair pipe = fs_test_pipe(0);

	CHECK_ERR(sys(SYS_read, 99, SYSTEST_MEM, 1), EBADF);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 1), EBADF);
	CHECK_ERR(sys(SYS_read, out, SYSTEST_MEM, 1), EBADF);
	CHECK_ERR(sys(SYS_write, out, SYSTEST_BAD, 1), EFAULT);
	CHECK_ERR(sys(SYS_write, out, SYSTEST_KERNEL, 1), EFAULT);
	fd = (int)sys(SYS_open, P("g"), O_RDONLY);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_BAD, 1), EFAULT);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_READONLY, 1), EFAULT);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_KERNEL, 1), EFAULT);
	CHECK_ERR(sys(SYS_pread64, fd, SYSTEST_MEM, 1, -1), EINVAL);
	CHECK_ERR(sys(SYS_pread64, pipe.in, SYSTEST_MEM, 1, 0), ESPIPE);
	CHECK_ERR(sys(SYS_pwrite64, pipe.out, SYSTEST_MEM, 1, 0), ESPIPE);
	CHECK_ERR(sys(SYS_pwrite64, out, SYSTEST_MEM, 1, -1), EINVAL);
	fd = (int)sys(SYS_open, P("."), O_RDONLY);
	CHECK_ERR(sys(SYS_read, fd, SYSTEST_MEM, 1), EISDIR);
	CHECK_ERR(sys(SYS_pwrite64, out, SYSTEST_MEM, 2, INT64_MAX), EINVAL);
}

/* What was written before the fault stays written. */
FSTEST(write_stops_at_a_fault)
{
	int fd = fs_test_file("f", O_RDWR, "");

	CHECK_EQ(sys(SYS_write, fd, SYSTEST_EDGE - 4, 10), 4);
	CHECK_EQ(fs_test_stat("f").st_size, 4);
	CHECK_EQ(sys(SYS_pread64, fd, SYSTEST_EDGE - 2, 4, 0), 2);
}

FSTEST(sparse_files)
{
	int fd = fs_test_file("f", O_RDWR, "");
	struct abi_stat stat;

	CHECK_EQ(sys(SYS_pwrite64, fd, P("end"), 3, INT64_C(1) << 40), 3);
	stat = fs_test_stat("f");
	CHECK_EQ(stat.st_size, (INT64_C(1) << 40) + 3);
	CHECK_EQ(stat.st_blocks, 8);
	CHECK_EQ(sys(SYS_pread64, fd, SYSTEST_MEM, 8, 12345), 8);
	CHECK_MEM(SYSTEST_MEM, "\0\0\0\0\0\0\0", 8);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_DATA), INT64_C(1) << 40);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(sys(SYS_lseek, fd, INT64_C(1) << 40, SEEK_HOLE), (INT64_C(1) << 40) + 3);
	CHECK_ERR(sys(SYS_lseek, fd, INT64_C(1) << 41, SEEK_DATA), ENXIO);
	CHECK_EQ(sys(SYS_ftruncate, fd, 5), 0);
	CHECK_EQ(fs_test_stat("f").st_blocks, 0);
}

FSTEST(lseek_positions)
{
	int fd = fs_test_file("f", O_RDWR, "0123456789");
	struct fs_test_pair pipe = fs_test_pipe(0);

	CHECK_EQ(sys(SYS_lseek, fd, -3, SEEK_END), 7);
	CHECK_EQ(sys(SYS_lseek, fd, 2, SEEK_CUR), 9);
	CHECK_EQ(sys(SYS_lseek, fd, 100, SEEK_SET), 100);
	CHECK_EQ(sys(SYS_read, fd, SYSTEST_MEM, 1), 0);
	CHECK_ERR(sys(SYS_lseek, fd, -1, SEEK_SET), EINVAL);
	CHECK_ERR(sys(SYS_lseek, fd, -11, SEEK_END), EINVAL);
	CHECK_ERR(sys(SYS_lseek, fd, 0, 9), EINVAL);
	CHECK_ERR(sys(SYS_lseek, 99, 0, SEEK_SET), EBADF);
	CHECK_ERR(sys(SYS_lseek, pipe.in, 0, SEEK_SET), ESPIPE);
}

FSTEST(vectors)
{
	int fd = fs_test_file("f", O_RDWR, "");
	struct iovec iov[3] = { { P("ab"), 2 }, { SYSTEST_BAD, 0 }, { P("cde"), 3 } };

	CHECK_EQ(sys(SYS_writev, fd, systest_value(8192, &iov), 3), 5);
	CHECK_EQ(sys(SYS_pwritev, fd, SYSTEST_MEM + 8192, 1, 5, 0), 2);
	iov[0] = (struct iovec){ SYSTEST_MEM, 3 };
	iov[2] = (struct iovec){ SYSTEST_MEM + 100, 10 };
	CHECK_EQ(sys(SYS_preadv, fd, systest_value(8192, &iov), 3, 0, 0), 7);
	CHECK_MEM(SYSTEST_MEM, "abc", 3);
	CHECK_MEM(SYSTEST_MEM + 100, "deab", 4);
	CHECK_EQ(sys(SYS_lseek, fd, 1, SEEK_SET), 1);
	CHECK_EQ(sys(SYS_readv, fd, SYSTEST_MEM + 8192, 1), 3);
	CHECK_MEM(SYSTEST_MEM, "bcd", 3);
	CHECK_EQ(sys(SYS_readv, fd, 0, 0), 0);
	CHECK_ERR(sys(SYS_readv, fd, SYSTEST_BAD, 1), EFAULT);
	CHECK_ERR(sys(SYS_readv, fd, SYSTEST_MEM + 8192, 1025), EINVAL);
	CHECK_ERR(sys(SYS_readv, 99, SYSTEST_MEM + 8192, 1), EBADF);
	CHECK_ERR(sys(SYS_writev, 99, SYSTEST_MEM + 8192, 1), EBADF);
	CHECK_ERR(sys(SYS_preadv, fd, SYSTEST_MEM + 8192, 1, -1, 0), EINVAL);
	CHECK_ERR(sys(SYS_pwritev, fd, SYSTEST_MEM + 8192, 1, -2, 0), EINVAL);
	iov[0].len = UINT64_MAX;
	CHECK_ERR(sys(SYS_writev, fd, systest_value(8192, &iov), 1), EINVAL);
}

FSTEST(vectors_with_flags)
{
	int fd = fs_test_file("f", O_RDWR, "12345");
	struct iovec iov = { SYSTEST_MEM, 2 };
	struct fs_test_pair pipe = fs_test_pipe(0);

	systest_value(8192, &iov);
	CHECK_EQ(sys(SYS_preadv2, fd, SYSTEST_MEM + 8192, 1, -1, 0, 0), 2);
	CHECK_EQ(sys(SYS_lseek, fd, 0, SEEK_CUR), 2);
	CHECK_EQ(sys(SYS_pwritev2, fd, SYSTEST_MEM + 8192, 1, 0, 0, RWF_APPEND), 2);
	CHECK_EQ(fs_test_stat("f").st_size, 7);
	systest_value(8192, &iov);
	CHECK_ERR(sys(SYS_preadv2, fd, SYSTEST_MEM + 8192, 1, 0, 0, 0x4000), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_preadv2, fd, SYSTEST_MEM + 8192, 1, -2, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_preadv2, pipe.in, SYSTEST_MEM + 8192, 1, -1, 0, RWF_NOWAIT), EAGAIN);
	CHECK_ERR(sys(SYS_preadv2, pipe.in, SYSTEST_MEM + 8192, 1, 0, 0, 0), ESPIPE);
}

FSTEST(file_size_limit)
{
	const uint64_t limit[2] = { 10, 10 }, ignore[4] = { 1, 0, 0, 0 };
	int fd = fs_test_file("f", O_RDWR, "123456");

	CHECK_EQ(sys(SYS_rt_sigaction, SIGXFSZ, systest_value(0, &ignore), 0, 8), 0);
	CHECK_EQ(sys(SYS_setrlimit, 1, systest_value(0, &limit)), 0);
	CHECK_EQ(sys(SYS_pwrite64, fd, P("abcdefgh"), 8, 6), 4);
	CHECK_ERR(sys(SYS_pwrite64, fd, P("a"), 1, 10), EFBIG);
	CHECK_ERR(sys(SYS_ftruncate, fd, 11), EFBIG);
	CHECK_EQ(sys(SYS_ftruncate, fd, 10), 0);
}

FSTEST(file_system_is_full)
{
	int fd;

	CHECK_EQ(sys(SYS_mkdir, P("small"), 0755), 0);
	CHECK_EQ(sys(SYS_mount, 0, P("small"), P("tmpfs"), 0, P("size=8k,nr_inodes=3")), 0);
	fd = fs_test_file("small/f", O_RDWR, "");
	CHECK_EQ(sys(SYS_write, fd, SYSTEST_MEM, 12288), 8192);
	CHECK_ERR(sys(SYS_write, fd, SYSTEST_MEM, 1), ENOSPC);
	CHECK_EQ(sys(SYS_pwrite64, fd, SYSTEST_MEM, 10, 0), 10);
	CHECK_ERR(sys(SYS_fallocate, fd, 0, 0, 20000), ENOSPC);
	CHECK_EQ(sys(SYS_mkdir, P("small/d"), 0755), 0);
	CHECK_ERR(sys(SYS_mkdir, P("small/e"), 0755), ENOSPC);
	CHECK_EQ(sys(SYS_ftruncate, fd, 0), 0);
	CHECK_EQ(sys(SYS_write, fd, SYSTEST_MEM, 1), 1);
	CHECK_ERR(sys(SYS_umount2, P("small"), 0), EBUSY);
	CHECK_EQ(sys(SYS_close, fd), 0);
	CHECK_EQ(sys(SYS_umount2, P("small"), 0), 0);
}

FSTEST(devices_read_and_write)
{
	int null = (int)sys(SYS_open, P("/dev/null"), O_RDWR), zero = (int)sys(SYS_open, P("/dev/zero"), O_RDWR);
	int full = (int)sys(SYS_open, P("/dev/full"), O_RDWR), random = (int)sys(SYS_open, P("/dev/urandom"), O_RDWR);
	uint8_t bytes[32], more[32];

	CHECK_EQ(sys(SYS_write, null, SYSTEST_MEM, 100), 100);
	CHECK_EQ(sys(SYS_read, null, SYSTEST_MEM, 100), 0);
	systest_string(0, "xxxx");
	CHECK_EQ(sys(SYS_read, zero, SYSTEST_MEM, 4), 4);
	CHECK_MEM(SYSTEST_MEM, "\0\0\0", 4);
	CHECK_EQ(sys(SYS_lseek, zero, 55, SEEK_SET), 0);
	CHECK_ERR(sys(SYS_write, full, SYSTEST_MEM, 1), ENOSPC);
	CHECK_EQ(sys(SYS_read, full, SYSTEST_MEM, 3), 3);
	CHECK_EQ(sys(SYS_read, random, SYSTEST_MEM, 32), 32);
	systest_get(SYSTEST_MEM, bytes, 32);
	CHECK_EQ(sys(SYS_read, random, SYSTEST_MEM, 32), 32);
	systest_get(SYSTEST_MEM, more, 32);
	CHECK(memcmp(bytes, more, 32));
	CHECK_EQ(sys(SYS_write, random, SYSTEST_MEM, 32), 32);
	CHECK_ERR(sys(SYS_read, random, SYSTEST_BAD, 1), EFAULT);
	CHECK_ERR(sys(SYS_read, zero, SYSTEST_BAD, 1), EFAULT);
}

FSTEST(syncs)
{
	int fd = fs_test_file("f", O_RDWR, "x");
	struct fs_test_pair pipe = fs_test_pipe(0);

	CHECK_EQ(sys(SYS_fsync, fd), 0);
	CHECK_EQ(sys(SYS_fdatasync, fd), 0);
	CHECK_EQ(sys(SYS_sync), 0);
	CHECK_EQ(sys(SYS_syncfs, fd), 0);
	CHECK_ERR(sys(SYS_fsync, pipe.in), EINVAL);
	CHECK_ERR(sys(SYS_fsync, 99), EBADF);
	CHECK_ERR(sys(SYS_fdatasync, 99), EBADF);
	CHECK_ERR(sys(SYS_syncfs, 99), EBADF);
	CHECK_EQ(sys(SYS_sync_file_range, fd, 0, 0, 7), 0);
	CHECK_ERR(sys(SYS_sync_file_range, fd, 0, 0, 8), EINVAL);
	CHECK_ERR(sys(SYS_sync_file_range, fd, -1, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_sync_file_range, pipe.in, 0, 0, 0), ESPIPE);
	CHECK_ERR(sys(SYS_sync_file_range, 99, 0, 0, 0), EBADF);
	CHECK_EQ(sys(SYS_fadvise64, fd, 0, 0, 3), 0);
	CHECK_ERR(sys(SYS_fadvise64, fd, 0, 0, 6), EINVAL);
	CHECK_ERR(sys(SYS_fadvise64, pipe.in, 0, 0, 0), ESPIPE);
	CHECK_ERR(sys(SYS_fadvise64, 99, 0, 0, 0), EBADF);
	CHECK_EQ(sys(SYS_readahead, fd, 0, 100), 0);
	CHECK_ERR(sys(SYS_readahead, pipe.in, 0, 100), EINVAL);
	CHECK_ERR(sys(SYS_readahead, pipe.out, 0, 100), EBADF);
}
