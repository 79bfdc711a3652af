/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve and execveat: their arguments, and the way into the new program (exec.c makes it).
 */
#include <arch/arch.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/outcomes.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/user.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "sys_internal.h"

/* One array of string pointers of the program's, ended by NULL (no array at all counts as an empty one). */
static int copy_strings(struct exec_strings *strings, user_ptr_t array, size_t *count, char *buf)
{
	user_ptr_t text;

	for (*count = 0; array; (*count)++) {
		ssize_t len;
		int err;

		if (*count >= EXEC_STRINGS_COUNT_MAX)
			return -E2BIG;
		if (user_read(&text, array + *count * sizeof(text)))
			return -EFAULT;
		if (!text)
			break;
		len = user_copy_string(buf, text, PAGE_SIZE);
		if (len < 0)
			return len == -ENAMETOOLONG ? -E2BIG : (int)len;
		err = exec_strings_add(strings, buf, (size_t)len);
		if (err)
			return err;
	}
	return 0;
}

static int copy_arguments(struct exec_strings *strings, user_ptr_t argv, user_ptr_t envp, char *buf)
{
	int err = copy_strings(strings, argv, &strings->arg_count, buf);

	/* A program without argv[0] would read its environment as arguments: Linux gives it an empty one. */
	if (!err && !strings->arg_count) {
		err = exec_strings_add(strings, "", 0);
		strings->arg_count = 1;
	}
	return err ? err : copy_strings(strings, envp, &strings->env_count, buf);
}

static NORETURN void start(unsigned call, uint64_t entry, uint64_t sp)
{
	struct arch_regs regs;

	outcomes_add(call, 0); /* which does not return */
	/* Where there is no code to run, the new program ends as if it had done nothing. */
	if (!process_current()->has_code)
		process_exit(0);
	arch_regs_init_user(&regs, entry, sp);
	arch_user_start(&regs);
}

/* The texts of a call, and one page to copy others through. */
struct room {
	char path[PAGE_SIZE], text[PAGE_SIZE];
	char name[PAGE_SIZE + sizeof("/dev/fd/-2147483648/")];
};

/* What the program is told: a path that leads to it, if it came by a descriptor. */
static const char *name_of(struct room *room, int dirfd)
{
	if (dirfd == AT_FDCWD || *room->path == '/')
		return room->path;
	format(room->name, sizeof(room->name), "/dev/fd/%d%s%s", dirfd, *room->path ? "/" : "", room->path);
	return room->name;
}

static long replace(struct room *room, struct exec_target *target, struct exec_strings *strings, uint64_t *entry,
		    uint64_t *sp)
{
	struct exec_error error;

	if (target->at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	target->path = room->path;
	target->name = name_of(room, target->dirfd);
	return exec_replace(target, strings, entry, sp, &error);
}

static long execute(unsigned call, struct exec_target target, user_ptr_t path, user_ptr_t argv, user_ptr_t envp)
{
	struct exec_strings strings = { 0 };
	uint64_t entry, sp;
	struct room *room = heap_alloc(sizeof(*room));
	ssize_t err;

	if (!room)
		return -ENOMEM;
	err = user_copy_string(room->path, path, sizeof(room->path));
	if (!err && !(target.at_flags & AT_EMPTY_PATH))
		err = -ENOENT;
	if (err >= 0)
		err = copy_arguments(&strings, argv, envp, room->text);
	if (!err)
		err = replace(room, &target, &strings, &entry, &sp);
	exec_strings_free(&strings);
	heap_free(room);
	if (err)
		return err;
	start(call, entry, sp);
}

SYSCALL(execve, user_ptr_t path, user_ptr_t argv, user_ptr_t envp)
{
	return execute(SYS_execve, (struct exec_target){ .dirfd = AT_FDCWD }, path, argv, envp);
}

SYSCALL(execveat, int dir, user_ptr_t path, user_ptr_t argv, user_ptr_t envp, int flags)
{
	struct exec_target target = { .dirfd = dir, .at_flags = (unsigned)flags };

	return execute(SYS_execveat, target, path, argv, envp);
}
