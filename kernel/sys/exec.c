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
#include <kernel/outcomes.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <kernel/vdso.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "signal_internal.h"

#define SCRIPT_LINE 256
#define SCRIPT_DEPTH 4

/* From open_program() to here nobody can write the file. */
static void close_program(struct file *file)
{
	inode_remove_program(file->inode);
	file_put(file);
}

static int open_program(const char *path, struct file **out)
{
	struct file *file;
	int err = vfs_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0, &file);

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

/* Follows scripts to the program that runs them; name holds its path in the end. */
static int find_program(const char *path, struct exec_strings *strings, char name[SCRIPT_LINE], struct file **out)
{
	char line[SCRIPT_LINE], interpreter[SCRIPT_LINE];
	const char *current = path;
	ssize_t len;
	int err;

	for (unsigned depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		err = open_program(current, out);
		if (err)
			return err;
		len = read_script_line(*out, line);
		if (!len)
			return 0;
		close_program(*out);
		err = len < 0 ? (int)len : script_arguments(line, current, strings, interpreter);
		if (err)
			return err;
		memcpy(name, interpreter, sizeof(interpreter));
		current = name;
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
	err = elf_load(file, aspace, &image, error);
	if (err)
		goto err_load;
	aspace_set_brk(aspace, image.end);
	err = vdso_map(aspace, &image.vdso);
	if (err)
		goto err_load;
	err = exec_stack_make(process_current(), aspace, &image, strings, path, sp);
	if (err)
		goto err_load;
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

/* The new program's descriptors are its own (execve(2), CLONE_FILES). */
static int unshare_files(struct process *process)
{
	struct fd_table *shared = process->fds, *own;
	int err;

	if (!fd_table_is_shared(shared))
		return 0;
	err = fd_table_copy(shared, &own);
	if (err)
		return err;
	process_set_files(process, own);
	fd_table_put(shared);
	return 0;
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
	process->dumpable = 1;
	task_current()->clear_child_tid = task_current()->robust_list = 0;
	process->membarrier_registered = false;
	arch_set_tls(0);
}

int exec_replace(const char *path, struct exec_strings *strings, uint64_t *entry, uint64_t *sp,
		 struct exec_error *error)
{
	char interpreter[SCRIPT_LINE];
	struct aspace *aspace;
	struct file *file;
	int err;

	*error = (struct exec_error){ 0 };
	err = find_program(path, strings, interpreter, &file);
	if (err)
		return err;
	err = load(file, path, strings, &aspace, entry, sp, error);
	if (!err) {
		err = unshare_files(process_current());
		if (!err)
			err = task_end_others();
		if (err)
			aspace_put(aspace);
	}
	if (err)
		close_program(file);
	else
		become(process_current(), aspace, file, path);
	return err;
}

/* ---- execve ---- */

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

static NORETURN void start(uint64_t entry, uint64_t sp)
{
	struct arch_regs regs;

	outcomes_add(SYS_execve, 0); /* which does not return */
	/* Where there is no code to run, the new program ends as if it had done nothing. */
	if (!process_current()->has_code)
		process_exit(0);
	arch_regs_init_user(&regs, entry, sp);
	arch_user_start(&regs);
}

SYSCALL(execve, user_ptr_t path, user_ptr_t argv, user_ptr_t envp)
{
	struct exec_strings strings = { 0 };
	struct exec_error error;
	uint64_t entry, sp;
	char *name = heap_alloc(2 * PAGE_SIZE);
	ssize_t err;

	if (!name)
		return -ENOMEM;
	err = user_copy_string(name, path, PAGE_SIZE);
	if (err >= 0)
		err = err ? copy_arguments(&strings, argv, envp, name + PAGE_SIZE) : -ENOENT;
	if (!err)
		err = exec_replace(name, &strings, &entry, &sp, &error);
	exec_strings_free(&strings);
	heap_free(name);
	if (err)
		return err;
	start(entry, sp);
}
