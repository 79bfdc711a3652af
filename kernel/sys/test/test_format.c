/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls as text.
 */
#include <kernel/systest.h>

static char line[256];

static const char *text(uint64_t number, const uint64_t args[6], long result)
{
	syscall_format(line, sizeof(line), number, args, &result);
	return line;
}

#define TEXT(number, result, ...) text((number), (const uint64_t[6]){ __VA_ARGS__ }, (result))

SYSTEST(format_names_values)
{
	user_ptr_t path = systest_string(0, "/etc/\"x\"\n");

	CHECK_STR(TEXT(SYS_openat, 3, -100, path, 0x80000, 0),
		  "openat(AT_FDCWD, \"/etc/\\\"x\\\"\\n\", O_CLOEXEC, 0) = 3");
	CHECK_STR(TEXT(SYS_getpid, 1), "getpid() = 1");
	CHECK_STR(TEXT(SYS_close, -EBADF, -1), "close(-1) = -1 EBADF");
	CHECK_STR(TEXT(SYS_lseek, 5, 3, 5, 1), "lseek(3, 5, SEEK_CUR) = 5");
	CHECK_STR(TEXT(SYS_kill, 0, 7, 9), "kill(7, SIGKILL) = 0");
	CHECK_STR(TEXT(SYS_mprotect, 0, 0x10000, 4096, 3), "mprotect(0x10000, 4096, PROT_READ|PROT_WRITE) = 0");
	CHECK_STR(TEXT(SYS_chmod, 0, path + 8, 0755), "chmod(\"\\n\", 0755) = 0");
}

SYSTEST(format_uses_variants)
{
	CHECK_STR(TEXT(SYS_fcntl, 2, 3, 3, 0), "fcntl(3, F_GETFL, 0) = O_RDWR");
	CHECK_STR(TEXT(SYS_fcntl, 0, 3, 4, 0x800), "fcntl(3, F_SETFL, O_NONBLOCK) = 0");
	CHECK_STR(TEXT(SYS_fcntl, -EINVAL, 3, 999, 5), "fcntl(3, 999, 5) = -1 EINVAL");
}

SYSTEST(format_shows_memory)
{
	const int64_t spec[2] = { 1, 500 };
	const int fds[2] = { 3, 4 };
	user_ptr_t data = systest_string(64, "hello");

	CHECK_STR(TEXT(SYS_write, 5, 1, data, 5), "write(1, \"hello\", 5) = 5");
	CHECK_STR(TEXT(SYS_nanosleep, 0, systest_value(0, &spec), 0), "nanosleep({sec=1, nsec=500}, NULL) = 0");
	CHECK_STR(TEXT(SYS_pipe2, 0, systest_value(32, &fds), 0x800), "pipe2({read=3, write=4}, O_NONBLOCK) = 0");
	/* What a failed call did not write is only an address. */
	CHECK_STR(TEXT(SYS_pipe2, -EMFILE, SYSTEST_MEM, 0), "pipe2(0x10000000, 0) = -1 EMFILE");
}

SYSTEST(format_of_bad_memory)
{
	CHECK_STR(TEXT(SYS_chdir, -EFAULT, SYSTEST_BAD), "chdir(0x10200000) = -1 EFAULT");
	CHECK_STR(TEXT(SYS_write, -EFAULT, 1, SYSTEST_BAD, 3), "write(1, 0x10200000, 3) = -1 EFAULT");
	CHECK_STR(TEXT(SYS_uname, -EFAULT, SYSTEST_KERNEL), "uname(0xffff800000001000) = -1 EFAULT");
	CHECK_STR(TEXT(777, -ENOSYS, 1, 2, 3), "syscall_777(0x1, 0x2, 0x3, ...) = -1 ENOSYS");
}

SYSTEST(format_stays_in_its_buffer)
{
	const uint64_t args[6] = { 1, systest_string(0, "0123456789abcdef0123456789abcdef0123456789abcdef"), 48 };
	char small[24];
	long result = 48;

	for (size_t size = 1; size <= sizeof(small) - 1; size++) {
		memset(small, 'Z', sizeof(small));
		CHECK(syscall_format(small, size, SYS_write, args, &result) < size);
		CHECK_EQ(small[size], 'Z');
		CHECK_EQ(strlen(small), size - 1);
	}
	CHECK_EQ(syscall_format(small, sizeof(small), SYS_getpid, args, NULL), 8);
	CHECK_STR(small, "getpid()");
}
