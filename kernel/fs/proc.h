/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of /proc share: its tree as tables, and the text of a file while it is written. A file has no state
 * but which process, thread and descriptor it is about, by number: they are looked for each time.
 */
#pragma once

#include <kernel/proc.h>
#include <kernel/process.h>
#include <kernel/vfs.h>

struct proc_node;

/* A number in a directory's name says which one its content is about. */
enum proc_number { PROC_PROCESS, PROC_TASK, PROC_FD };

struct proc_inode {
	struct inode inode; /* must be first */
	const struct proc_node *node;
	int pid; /* 0: about no process */
	int tid; /* 0: the process as a whole */
	int fd;
};

static inline struct proc_inode *proc_of(const struct inode *inode)
{
	return container_of(inode, struct proc_inode, inode);
}

/* Directories: the names that are numbers. */
struct proc_numbers {
	enum proc_number what;
	const struct proc_node *node;
	/* The lowest number that exists, from on; -1. */
	int (*next)(const struct proc_inode *dir, int from);
};

struct proc_node {
	const char *name;
	unsigned mode; /* type and permissions; numbers in fd/ have others */
	bool guarded;  /* only for who may look into the process (ptrace(2), PTRACE_MODE_READ) */
	/* Regular files: the content. -ESRCH, -ENOMEM, -EACCES. */
	int (*show)(struct proc_text *text, const struct proc_subject *subject);
	/* Links that are texts: at most PROC_LINK_MAX with the NUL. -ENOENT. */
	int (*text)(char *buf, size_t size);
	/* Links that are none: as superblock_ops.follow(); *name: what it is called without a path. */
	int (*follow)(const struct proc_inode *link, struct path *out, char *name, size_t size);
	/* Directories: ended by one without a name, NULL: none. */
	const struct proc_node *entries;
	const struct proc_numbers *numbers;
};

#define PROC_LINK_MAX 80

#define PROC_FILE(file_name, permissions, function)                                                                    \
	{ .name = (file_name), .mode = S_IFREG | (permissions), .show = (function) }
#define PROC_GUARDED(file_name, permissions, function)                                                                 \
	{ .name = (file_name), .mode = S_IFREG | (permissions), .show = (function), .guarded = true }
#define PROC_DIR(dir_name, permissions, table)                                                                         \
	{ .name = (dir_name), .mode = S_IFDIR | (permissions), .entries = (table) }
#define PROC_LINK(link_name, function) { .name = (link_name), .mode = S_IFLNK | 0777, .text = (function) }
#define PROC_JUMP(link_name, function) { .name = (link_name), .mode = S_IFLNK | 0777, .follow = (function) }

/* ---- proc.c ---- */

/* May the running thread look into the process? 0, -EACCES. */
int proc_may_look(struct process *process);

/* ---- the tables ---- */

extern const struct proc_node proc_root;
extern const struct proc_node proc_sys_entries[];
extern const struct proc_node proc_net_entries[];
extern const struct proc_numbers proc_pid_numbers;

/* ---- proc_link.c ---- */

int proc_follow_fd(const struct proc_inode *link, struct path *out, char *name, size_t size);
int proc_follow_exe(const struct proc_inode *link, struct path *out, char *name, size_t size);
int proc_follow_cwd(const struct proc_inode *link, struct path *out, char *name, size_t size);
int proc_follow_root(const struct proc_inode *link, struct path *out, char *name, size_t size);
int proc_next_fd(const struct proc_inode *dir, int from);
/* The permissions of a descriptor's link: those the file was opened with. */
unsigned proc_fd_mode(const struct proc_inode *link);
int proc_show_fdinfo(struct proc_text *text, const struct proc_subject *subject);
/* What a file without a path is called. */
void proc_file_name(const struct file *file, char *name, size_t size);

/* ---- contents ---- */

struct proc_memory {
	uint64_t total, resident, locked, data, stack, code, libraries, shared; /* pages */
};
/* The process's memory, referenced; NULL: it has none any more. */
struct aspace *proc_aspace(struct process *process);
void proc_measure(struct aspace *as, struct proc_memory *memory);
int proc_show_statm(struct proc_text *text, const struct proc_subject *subject);
int proc_show_maps(struct proc_text *text, const struct proc_subject *subject);
int proc_show_cmdline(struct proc_text *text, const struct proc_subject *subject);
int proc_show_environ(struct proc_text *text, const struct proc_subject *subject);
int proc_show_auxv(struct proc_text *text, const struct proc_subject *subject);
int proc_show_status(struct proc_text *text, const struct proc_subject *subject);
int proc_show_stat(struct proc_text *text, const struct proc_subject *subject);
int proc_show_mounts(struct proc_text *text, const struct proc_subject *subject);
int proc_show_mountinfo(struct proc_text *text, const struct proc_subject *subject);
