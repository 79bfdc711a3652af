/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first program: started with what the command line gives it, waited for, and its end turned into an exit status.
 */
#include <arch/arch.h>
#include <kernel/block.h>
#include <kernel/boot.h>
#include <kernel/console.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/process.h>
#include <kernel/thread.h>
#include <kernel/vfs.h>

#include "exec.h"
#include "sys_internal.h"

#define STATUS_REFUSED 126
#define STATUS_NOT_FOUND 127

struct start {
	const char *path;
	struct process *process;
	int refused; /* exit status when the program could not be started */
};

static int status_of(int err)
{
	return err == -ENOENT || err == -ENOTDIR ? STATUS_NOT_FOUND : STATUS_REFUSED;
}

static void explain(const char *path, int err, const struct exec_error *error)
{
	if (error->interpreter[0])
		log_error("%s needs %s, which %s", path, error->interpreter,
			  error->reason ? "is no dynamic linker" : "cannot be opened");
	else if (error->reason)
		log_error("%s cannot be run: %s", path, error->reason);
	else if (status_of(err) == STATUS_NOT_FOUND)
		log_error("%s: not found", path);
	else
		log_error("%s cannot be run: %s", path, errno_name(-err));
}

/* Words of the command line: arguments or environment. */
static int add_words(struct exec_strings *strings, ssize_t (*word)(size_t index, char *buf, size_t size), size_t *count)
{
	char buf[1024];

	for (*count = 0;; (*count)++) {
		ssize_t len = word(*count, buf, sizeof(buf));
		int err;

		if (len == -ENOENT)
			return 0;
		if (len < 0)
			return -E2BIG;
		err = exec_strings_add(strings, buf, (size_t)len);
		if (err)
			return err;
	}
}

static int collect(struct exec_strings *strings, const char *path)
{
	int err = add_words(strings, boot_argument, &strings->arg_count);

	if (!err && !strings->arg_count)
		err = exec_strings_insert_arg(strings, 0, path);
	return err ? err : add_words(strings, boot_environment, &strings->env_count);
}

static void run(void *arg)
{
	struct start *start = arg;
	const struct exec_target target = { .dirfd = AT_FDCWD, .path = start->path, .name = start->path };
	struct exec_strings strings = { 0 };
	struct exec_error error = { 0 };
	struct arch_regs regs;
	uint64_t entry, sp;
	int err;

	process_enter(start->process);
	start->process->has_code = true;
	err = collect(&strings, start->path);
	if (!err)
		err = exec_replace(&target, &strings, &entry, &sp, &error);
	exec_strings_free(&strings);
	if (err) {
		explain(start->path, err, &error);
		process_exit(status_of(err) << 8);
	}
	arch_regs_init_user(&regs, entry, sp);
	first_program_starts(entry);
	arch_user_start(&regs);
}

static int exit_status(int status)
{
	return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

int process_run_init(const char *path)
{
	struct start start = { .path = path };
	struct thread *thread = NULL;
	int err = process_create("init", &start.process), status;

	if (!err) {
		thread = thread_create("init", run, &start);
		err = thread ? 0 : -ENOMEM;
	}
	if (err) {
		log_error("%s cannot be started: %s", path, errno_name(-err));
		return STATUS_REFUSED;
	}
	thread_start(thread);
	process_wait_end(start.process);
	mounts_end();
	if (IS_ENABLED(CONFIG_DEVICES))
		block_sync_all();
	console_drain();
	syscall_usage_print();
	status = exit_status(start.process->status);
	thread_put(thread);
	process_put(start.process);
	return status;
}
