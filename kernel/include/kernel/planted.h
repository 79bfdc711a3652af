/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option PLANTED: nine bugs put into the kernel on purpose, one line each at its place, to see whether a campaign
 * finds them and how it names them. Each tells the harness when it was reached and when it did its harm (canaries,
 * fuzz/abi/planted.h). Without the option nothing is left of them.
 */
#pragma once

#include <kernel/compiler.h>

#if CONFIG_PLANTED

/* writev() of more than four spans: notes their lengths in an array of four. */
void planted_heap_overflow(size_t spans);
/* A semaphore eventfd that starts above 1000: its counter is looked at after it was freed. */
void planted_use_after_free(unsigned initial, bool semaphore);
/* dup3() to a number from 64 on, with O_CLOEXEC: a note is freed by two owners. */
void planted_double_free(int fd, bool close_on_exec);
/* epoll_ctl(EPOLL_CTL_MOD) with no events: the owner of nothing is asked. */
void planted_null_dereference(int operation, uint32_t events);
/* timerfd_settime() with an interval below a millisecond: rounded up by steps that never arrive. */
void planted_endless_loop(uint64_t interval_ns);
/* fcntl(F_DUPFD) from 10 on: a reference is taken and forgotten. */
void planted_leaked_file(int fd, uint64_t from);
/* fallocate() with FALLOC_FL_KEEP_SIZE: a decision by what the stack happens to hold. */
void planted_uninitialised_read(int mode);
/*
 * mlockall(MCL_FUTURE | MCL_ONFAULT): the CPU gets page tables that map nothing. A machine ends there, without a
 * word; a process, whose tables are its own, panics.
 */
void planted_lost_tables(int flags);
/* getrandom(GRND_RANDOM | GRND_INSECURE): waits for better numbers, with interrupts off. */
void planted_deaf_loop(unsigned flags);

#else

static inline void planted_heap_overflow(size_t spans UNUSED)
{
}
static inline void planted_use_after_free(unsigned initial UNUSED, bool semaphore UNUSED)
{
}
static inline void planted_double_free(int fd UNUSED, bool close_on_exec UNUSED)
{
}
static inline void planted_null_dereference(int operation UNUSED, uint32_t events UNUSED)
{
}
static inline void planted_endless_loop(uint64_t interval_ns UNUSED)
{
}
static inline void planted_leaked_file(int fd UNUSED, uint64_t from UNUSED)
{
}
static inline void planted_uninitialised_read(int mode UNUSED)
{
}
static inline void planted_lost_tables(int flags UNUSED)
{
}
static inline void planted_deaf_loop(unsigned flags UNUSED)
{
}

#endif
