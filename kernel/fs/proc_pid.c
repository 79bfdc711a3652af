/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directory of a process, and of each of its threads.
 */
#include <kernel/abi/resource.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "proc.h"

static int show_comm(struct proc_text *text, const struct proc_subject *subject)
{
	proc_print(text, "%s\n", subject->process->name);
	return 0;
}

static int show_personality(struct proc_text *text, const struct proc_subject *subject)
{
	proc_print(text, "%08x\n", subject->process->personality);
	return 0;
}

static int show_oom_score(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	proc_print(text, "0\n");
	return 0;
}

static void put_limit(struct proc_text *text, uint64_t value)
{
	if (value == RLIM_INFINITY)
		proc_print(text, "%-20s ", "unlimited");
	else
		proc_print(text, "%-20llu ", (unsigned long long)value);
}

static int show_limits(struct proc_text *text, const struct proc_subject *subject)
{
	static const struct {
		const char *name, *unit;
	} limits[RLIMIT_COUNT] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};

	proc_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
		proc_print(text, "%-25s ", limits[i].name);
		put_limit(text, subject->process->rlimits[i].current);
		put_limit(text, subject->process->rlimits[i].maximum);
		proc_print(text, *limits[i].unit ? "%-10s\n" : "%s\n", limits[i].unit);
	}
	return 0;
}

/* ---- tables ---- */

static const struct proc_node fd_link = { .name = "", .mode = S_IFLNK | 0700, .follow = proc_follow_fd };
static const struct proc_node fdinfo_file = PROC_GUARDED("", 0444, proc_show_fdinfo);
static const struct proc_numbers fd_numbers = { PROC_FD, &fd_link, proc_next_fd };
static const struct proc_numbers fdinfo_numbers = { PROC_FD, &fdinfo_file, proc_next_fd };

static int next_task(const struct proc_inode *dir, int from)
{
	struct process *process = process_find_any(dir->pid);
	int next;

	if (!process)
		return -1;
	next = process_next_task(process, from);
	process_put(process);
	return next;
}

/* What a thread has as well as its process. */
#define COMMON_ENTRIES                                                                                                 \
	{ .name = "fd", .mode = S_IFDIR | 0500, .numbers = &fd_numbers },                                              \
		{ .name = "fdinfo", .mode = S_IFDIR | 0555, .numbers = &fdinfo_numbers },                              \
		PROC_GUARDED("environ", 0400, proc_show_environ), PROC_GUARDED("auxv", 0400, proc_show_auxv),          \
		PROC_FILE("status", 0444, proc_show_status), PROC_GUARDED("personality", 0400, show_personality),      \
		PROC_FILE("limits", 0444, show_limits), PROC_FILE("comm", 0644, show_comm),                            \
		PROC_FILE("cmdline", 0444, proc_show_cmdline), PROC_FILE("stat", 0444, proc_show_stat),                \
		PROC_FILE("statm", 0444, proc_show_statm), PROC_GUARDED("maps", 0444, proc_show_maps),                 \
		PROC_JUMP("cwd", proc_follow_cwd), PROC_JUMP("root", proc_follow_root),                                \
		PROC_JUMP("exe", proc_follow_exe), PROC_FILE("mounts", 0444, proc_show_mounts),                        \
		PROC_FILE("mountinfo", 0444, proc_show_mountinfo), PROC_FILE("oom_score", 0444, show_oom_score),       \
		PROC_FILE("oom_score_adj", 0644, show_oom_score)

static const struct proc_node task_entries[] = { COMMON_ENTRIES, { .name = NULL } };
static const struct proc_node task_node = PROC_DIR("", 0555, task_entries);
static const struct proc_numbers task_numbers = { PROC_TASK, &task_node, next_task };

static const struct proc_node pid_entries[] = {
	{ .name = "task", .mode = S_IFDIR | 0555, .numbers = &task_numbers },
	COMMON_ENTRIES,
	{ .name = NULL },
};
static const struct proc_node pid_node = PROC_DIR("", 0555, pid_entries);

static int next_process(const struct proc_inode *dir UNUSED, int from)
{
	return process_next(from);
}

const struct proc_numbers proc_pid_numbers = { PROC_PROCESS, &pid_node, next_process };
