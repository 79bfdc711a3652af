/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests of system calls: each runs inside a process of its own, with memory to pass pointers into.
 *
 *	SYSTEST(getcwd_says_root)
 *	{
 *		CHECK_EQ(sys(SYS_getcwd, SYSTEST_MEM, 16), 2);
 *		CHECK_MEM(SYSTEST_MEM, "/", 2);
 *		CHECK_ERR(sys(SYS_getcwd, SYSTEST_BAD, 16), EFAULT);
 *	}
 *
 * The process is root's, with its root and working directory at "/", and fds 0, 1 and 2 on the console. It is gone,
 * with all that it opened and mapped, when the test ends, however it ends.
 */
#pragma once

#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>
#include <kernel/test.h>
#include <kernel/user.h>

#define SYSTEST_MEM UINT64_C(0x10000000) /* read-write, zero at the start */
#define SYSTEST_MEM_SIZE (64 * KIB)
#define SYSTEST_EDGE (SYSTEST_MEM + SYSTEST_MEM_SIZE) /* the first address behind it: nothing is mapped there */
#define SYSTEST_READONLY UINT64_C(0x10100000) /* one page that can only be read */
#define SYSTEST_BAD UINT64_C(0x10200000) /* in the program's range, never mapped */
#define SYSTEST_KERNEL UINT64_C(0xffff800000001000) /* outside the program's range */

/* Like TEST(), inside a process. */
#define SYSTEST(name)                                                                                                  \
	static void systest_##name(void);                                                                              \
	TEST(name)                                                                                                     \
	{                                                                                                              \
		systest_run(systest_##name);                                                                           \
	}                                                                                                              \
	static void systest_##name(void)

/* One call by its SYS_ number; -1 as an argument is all ones, as a program would pass it. */
#define sys(number, ...) syscall_dispatch((number), (const uint64_t[6]){ __VA_ARGS__ })

#define CHECK_ERR(call, error) CHECK_EQ((call), -(error))
/* The program's memory at address holds these bytes. */
#define CHECK_MEM(address, expected, len) CHECK(systest_equal((address), (expected), (len)))

void systest_run(void (*body)(void));
/* One more process with such memory, for a thread to enter; to be torn down and put by the test. */
int systest_process(const char *name, struct process **process);

/* Puts bytes at SYSTEST_MEM + offset and returns that address; a failure fails the test. */
user_ptr_t systest_put(size_t offset, const void *bytes, size_t len);
/* The same for a string with its NUL. */
user_ptr_t systest_string(size_t offset, const char *text);
/* The same for a value. */
#define systest_value(offset, value_ptr) systest_put((offset), (value_ptr), sizeof(*(value_ptr)))
/* Reads them back; a failure fails the test and leaves zeros. */
void systest_get(user_ptr_t address, void *bytes, size_t len);
#define systest_read(address, value_ptr) systest_get((address), (value_ptr), sizeof(*(value_ptr)))
/* What poll() says of a descriptor that is asked for POLLIN and POLLOUT. Uses 8 bytes at SYSTEST_MEM + 512. */
int16_t systest_events(int fd);
/* From now on the process is user uid, without capabilities. */
void systest_become(uint32_t uid);
/* SIGALRM goes to a handler in a moment, and again and again: what sleeps then ends with EINTR. */
void systest_interrupt_soon(void);
bool systest_equal(user_ptr_t address, const void *expected, size_t len);

/*
 * Takes all memory that the kernel has left; the program's at SYSTEST_MEM is there. For a few calls whose results are
 * kept, and looked at after systest_feed(): a CHECK between the two could leave the kernel without memory. The calls
 * must leave no object behind.
 */
void systest_starve(void);
void systest_feed(void);

/**
 * Runs body as a program of its own, in a thread of its own, until it returns or ends itself (exit, a deadly signal).
 * @return its wait status: code << 8, or the signal; 0 when body just returned.
 */
int systest_program(void (*body)(void));
