/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls: kernel/sys/syscalls.tbl describes each one, SYSCALL() gives its behaviour, the build generates the rest
 * (prototypes, wrappers, dispatch table, strace printer, fuzzing grammar, reproducer writer).
 *
 *	SYSCALL(dup, int fd)
 *	{
 *		return fd_dup(fd, 0, false);
 *	}
 *
 * A result is a value >= 0 (or an address), or -errno. Arguments come as the program passed them: integers are already
 * cut to their declared C type, pointers are user_ptr_t and only for user_*().
 */
#pragma once

#include <kernel/errno.h>
#include <kernel/user.h>

struct arch_regs;

#define SYSCALL(name, ...) long sys_##name(__VA_ARGS__)

/* The generated prototypes: a SYSCALL() that does not match its description does not compile. */
#include <generated/syscall_protos.h>

typedef long syscall_fn_t(const uint64_t args[6]);

struct syscall_entry {
	const char *name;
	syscall_fn_t *call;	/* the generated wrapper: one type for all, so that kcfi can check it */
};

/* Indexed by this architecture's number; call is NULL where there is none. */
extern const struct syscall_entry syscall_table[];
extern const size_t syscall_table_size;

/*
 * Calls without arguments that only tell a word of the running process (@quick): the arch entry makes these itself,
 * with interrupts off and nothing but the registers saved that C does not keep. Same index; NULL: not one of them.
 */
typedef long syscall_quick_fn_t(void);
extern syscall_quick_fn_t *syscall_quick[];
extern const size_t syscall_quick_size;

/**
 * Runs one system call for the running thread. Interrupts and preemption on; may sleep. An unknown number is -ENOSYS
 * and counted (syscall_unknown_count()). This is the one door: the arch entry, the unit tests and the harness all come
 * here.
 */
long syscall_dispatch(uint64_t number, const uint64_t args[6]);
unsigned long syscall_unknown_count(void);

/*
 * The arch entry code's target: takes number and arguments from regs, puts the result there, handles exit, signals and
 * kills. Returns with interrupts off; true when no other register has changed.
 */
bool syscall_entry(struct arch_regs *regs);

/**
 * One call as strace shows it, with its result unless that is NULL (it has not returned yet). Reads the running
 * program's memory. @return the length, less than size.
 */
size_t syscall_format(char *buf, size_t size, uint64_t number, const uint64_t args[6], const long *result);

/* What the last calls were, those of the quick way left out, newest last, for crash reports: number, result. */
struct syscall_record {
	uint32_t number;
	int64_t result;
};
#define SYSCALL_HISTORY 16
size_t syscall_history(struct syscall_record records[SYSCALL_HISTORY]);
