/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replacing a process's program: finding the file, scripts ("#!"), the new address space, and what a new program
 * inherits.
 */
#include <arch/arch.h>
#include <kernel/aspace.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/profile.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/vdso.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "signal_internal.h"
#include "unshare.h"

#define ADDR_NO_RANDOMIZE 0x40000u /* personality(2) */
#define SCRIPT_LINE 256
#define SCRIPT_DEPTH 4

/* From open_program() to here nobody can write the file. */
static void close_program(struct file *file)
{
	inode_remove_program(file->inode);
	file_put(file);
}

/* What a descriptor itself is; the working directory, which AT_FDCWD stands for, is no program. */
static int open_descriptor(int fd, struct file **out)
{
	struct file *file;
	int err;

	if (fd == AT_FDCWD)
		return -EACCES;
	file = fd_get_any(fd);
	if (!file)
		return -EBADF;
	err = vfs_reopen(file, out);
	file_put(file);
	return err;
}

static int open_target(const struct exec_target *target, struct file **out)
{
	unsigned nofollow = target->at_flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;

	if (!*target->path)
		return open_descriptor(target->dirfd, out);
	return vfs_open(target->dirfd, target->path, O_RDONLY | O_CLOEXEC | nofollow, 0, out);
}

static int open_program(const struct exec_target *target, struct file **out)
{
	struct file *file;
	int err = open_target(target, &file);

	if (err)
		return err;
	if (!S_ISREG(file->inode->mode))
		err = -EACCES;
	if (!err)
		err = inode_permission(file->inode, MAY_EXEC, credentials_current());
	if (!err)
		err = inode_add_program(file->inode);
	if (err) {
		file_put(file);
		return err;
	}
	*out = file;
	return 0;
}

/* ---- scripts: "#!interpreter [one argument]" ---- */

/* The first line in line, if the file is a script; its length or 0. */
static ssize_t read_script_line(struct file *file, char line[SCRIPT_LINE])
{
	struct io io;
	ssize_t n;

	io_kernel(&io, line, SCRIPT_LINE - 1);
	n = file_read_at(file, &io, 0);
	if (n < 0)
		return n;
	line[n] = '\0';
	if (n < 2 || line[0] != '#' || line[1] != '!')
		return 0;
	for (ssize_t i = 2; i < n; i++) {
		if (line[i] != '\n' && line[i] != '\0')
			continue;
		line[i] = '\0';
		return i;
	}
	/* A name that was cut would be another one. */
	return n < SCRIPT_LINE - 1 ? n : -ENOEXEC;
}

static char *skip_blanks(char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

static char *skip_word(char *p)
{
	while (*p && *p != ' ' && *p != '\t')
		p++;
	return p;
}

static void cut_trailing_blanks(char *p)
{
	size_t len = strlen(p);

	while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		p[--len] = '\0';
}

/* argv becomes: interpreter, its argument if there is one, the script's path, the old argv[1] and so on. */
static int script_arguments(char *line, const char *path, struct exec_strings *strings, char interpreter[SCRIPT_LINE])
{
	char *name = skip_blanks(line + 2), *end = skip_word(name), *argument = skip_blanks(end);
	size_t n = 0;
	int err;

	cut_trailing_blanks(argument);
	*end = '\0';
	if (!*name)
		return -ENOEXEC;
	memcpy(interpreter, name, strlen(name) + 1);
	exec_strings_drop_first(strings);
	err = exec_strings_insert_arg(strings, n++, interpreter);
	if (!err && *argument)
		err = exec_strings_insert_arg(strings, n++, argument);
	if (!err)
		err = exec_strings_insert_arg(strings, n, path);
	return err;
}

/* An interpreter opens the script by its name, which leads nowhere through a descriptor that is closed by then. */
static bool is_unreachable(const struct exec_target *target)
{
	return target->name != target->path && fd_get_flags(target->dirfd) > 0;
}

/* Follows scripts to the program that runs them. */
static int find_program(const struct exec_target *target, struct exec_strings *strings, struct file **out)
{
	char line[SCRIPT_LINE], name[SCRIPT_LINE], interpreter[SCRIPT_LINE];
	struct exec_target current = *target;
	ssize_t len;
	int err;

	for (unsigned depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		err = open_program(&current, out);
		if (err)
			return err;
		len = read_script_line(*out, line);
		if (!len)
			return 0;
		close_program(*out);
		err = len < 0 ? (int)len : script_arguments(line, current.name, strings, interpreter);
		if (!err && is_unreachable(&current))
			err = -ENOENT;
		if (err)
			return err;
		memcpy(name, interpreter, sizeof(interpreter));
		current = (struct exec_target){ .dirfd = AT_FDCWD, .path = name, .name = name };
	}
	return -ELOOP;
}

/* ---- the new program ---- */

static int load(struct file *file, const char *path, const struct exec_strings *strings, struct aspace **out,
		uint64_t *entry, uint64_t *sp, struct exec_error *error)
{
	struct elf_image image;
	struct aspace *aspace;
	int err = aspace_create(&aspace);

	if (err)
		return err;
	if (process_current()->has_code && !(process_current()->personality & ADDR_NO_RANDOMIZE))
		aspace_place(aspace);
	err = elf_load(file, aspace, &image, error);
	if (err)
		goto err_load;
	aspace_set_brk(aspace, image.end + aspace->places.brk_gap);
	err = vdso_map(aspace, &image.vdso);
	if (err)
		goto err_load;
	err = exec_stack_make(process_current(), aspace, &image, strings, path, sp);
	if (err)
		goto err_load;
	first_program_loaded(&image);
	*entry = image.start;
	*out = aspace;
	return 0;

err_load:
	aspace_put(aspace);
	return err;
}

/* Handlers are the old program's code: they go; what it ignored or blocked stays. */
static void reset_signals(struct signals *signals)
{
	unsigned long flags = spin_lock(&signals->lock);

	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		uint64_t handler = signals->actions[signo].handler;

		signals->actions[signo] = (struct abi_sigaction){ .handler = handler == SIG_IGN ? SIG_IGN : SIG_DFL };
	}
	task_current()->altstack = (struct abi_stack){ .flags = SS_DISABLE };
	signals_update(signals);
	spin_unlock(&signals->lock, flags);
	/* Timers of timer_create() belong to the program, setitimer()'s to the process. */
	signal_timers_delete(signals);
}

static void set_name(struct process *process, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strnlen(name, sizeof(process->name) - 1);

	memset(process->name, 0, sizeof(process->name));
	memcpy(process->name, name, len);
}

void exec_forget(struct process *process)
{
	if (process->program)
		close_program(process->program);
	process->program = NULL;
}

int exec_inherit(struct process *child, const struct process *parent)
{
	int err;

	if (!parent->program)
		return 0;
	err = inode_add_program(parent->program->inode);
	if (!err)
		child->program = file_get(parent->program);
	return err;
}

static void become(struct process *process, struct aspace *aspace, struct file *program, const char *path)
{
	struct aspace *old = process->aspace;
	struct file *old_program = process->program;

	process_set_program(process, aspace, program);
	if (old_program)
		close_program(old_program);
	aspace_activate(aspace);
	aspace_put(old);
	process_return_memory(process);
	reset_signals(process->signals);
	fd_close_on_exec();
	set_name(process, path);
	profiler_tell_program(program);
	process->dumpable = 1;
	task_current()->clear_child_tid = task_current()->robust_list = 0;
	task_current()->rseq = (struct rseq){ 0 };
	process->membarrier_registered = false;
	arch_set_tls(0);
}

int exec_replace(const struct exec_target *target, struct exec_strings *strings, uint64_t *entry, uint64_t *sp,
		 struct exec_error *error)
{
	struct fd_table *files = NULL;
	struct aspace *aspace;
	struct file *file;
	int err;

	*error = (struct exec_error){ 0 };
	err = find_program(target, strings, &file);
	if (err)
		return err;
	err = load(file, target->name, strings, &aspace, entry, sp, error);
	if (!err) {
		err = unshare_files_prepare(process_current(), &files); /* execve(2), CLONE_FILES */
		if (!err)
			err = task_end_others();
		if (err) {
			unshare_files_finish(NULL, files);
			aspace_put(aspace);
		}
	}
	if (err) {
		close_program(file);
		return err;
	}
	unshare_files_finish(process_current(), files);
	become(process_current(), aspace, file, target->name);
	return 0;
}
