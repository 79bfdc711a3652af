/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system of /proc: names that are looked up in tables (proc.h) and in what runs, each time anew. Nothing of it
 * is kept in the dentry tree but the root, so nothing has to be removed when a process ends. A file's content is
 * written when it is read from its start, and belongs to the open file.
 */
#include <kernel/abi/dirent.h>
#include <kernel/abi/mount.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "proc.h"

#define NUMBERS_AT 0x100 /* directory positions: the entries of the table come before, "." and ".." first */
#define NUMBER_DIGITS 10
#define FIRST_INO 1
#define LINK_SIZE 64 /* what a link that is no text says its length is */

static const struct superblock_ops proc_ops;
static const struct file_ops proc_file_ops, proc_dir_ops;

/* ---- rights ---- */

int proc_may_look(struct process *process)
{
	const struct credentials *cred = credentials_current(), *other = &process->cred;
	bool same = cred->fsuid == other->uid && cred->fsuid == other->euid && cred->fsuid == other->suid &&
		    cred->fsgid == other->gid && cred->fsgid == other->egid && cred->fsgid == other->sgid;

	if (process == process_current() || cred_capable(cred, CAP_SYS_PTRACE))
		return 0;
	return same && process->dumpable == 1 ? 0 : -EACCES;
}

/* ---- inodes ---- */

/* The same for the same name on every run: a hash of the names on the way to it. */
static uint64_t ino_of(const struct inode *dir, const char *name, size_t len)
{
	uint64_t hash = dir->ino ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	return (hash ^ hash >> 32) & UINT32_MAX;
}

/* Files belong to the process's effective user, but to root when they would tell what the user may not know. */
static void set_owner(struct proc_inode *pi, const struct process *process)
{
	if (process->dumpable != 1 && pi->inode.mode != (S_IFDIR | 0555))
		return;
	pi->inode.uid = process->cred.euid;
	pi->inode.gid = process->cred.egid;
}

static int set_target(struct inode *inode, const struct proc_node *node)
{
	char text[PROC_LINK_MAX];
	int err = node->text(text, sizeof(text));

	if (err)
		return err;
	inode->target = heap_strdup(text);
	inode->size = (off_t)strlen(text);
	return inode->target ? 0 : -ENOMEM;
}

static int create(struct superblock *sb, const struct proc_node *node, const struct proc_inode *model, uint64_t ino,
		  struct inode **out)
{
	struct proc_inode *pi = heap_alloc(sizeof(*pi));
	struct process *process = NULL;
	int err = 0;

	if (!pi)
		return -ENOMEM;
	*pi = *model;
	inode_init(&pi->inode, sb, node->mode);
	pi->node = node;
	pi->inode.ino = ino;
	pi->inode.fops = S_ISDIR(node->mode) ? &proc_dir_ops : &proc_file_ops;
	if (node->follow == proc_follow_fd)
		pi->inode.mode = S_IFLNK | proc_fd_mode(pi);
	if (node->follow)
		pi->inode.size = LINK_SIZE;
	if (pi->pid) {
		process = process_find_any(pi->pid);
		err = process ? 0 : -ENOENT;
	}
	if (process) {
		set_owner(pi, process);
		process_put(process);
	}
	if (!err && node->text)
		err = set_target(&pi->inode, node);
	if (err)
		inode_put(&pi->inode);
	else
		*out = &pi->inode;
	return err;
}

static void proc_inode_free(struct inode *inode)
{
	if (S_ISLNK(inode->mode))
		heap_free(inode->target);
	heap_free(proc_of(inode));
}

static int proc_inode_create(struct superblock *sb UNUSED, unsigned mode UNUSED, uint32_t rdev UNUSED,
			     struct inode **out UNUSED)
{
	return -EOPNOTSUPP; /* only O_TMPFILE gets that far */
}

/* ---- looking up ---- */

static const struct proc_node *find_entry(const struct proc_node *node, const char *name, size_t len)
{
	for (const struct proc_node *entry = node->entries; entry && entry->name; entry++)
		if (strlen(entry->name) == len && !memcmp(entry->name, name, len))
			return entry;
	return NULL;
}

/* A number as a name is written: no leading zeros. */
static bool is_number(const char *name, size_t len, int *number)
{
	uint64_t value;

	if (len > NUMBER_DIGITS || (len > 1 && name[0] == '0') || parse_u64_n(name, len, 10, &value) ||
	    value > INT32_MAX)
		return false;
	*number = (int)value;
	return true;
}

static void set_number(struct proc_inode *pi, enum proc_number what, int number)
{
	if (what == PROC_FD)
		pi->fd = number;
	else if (what == PROC_TASK)
		pi->tid = number;
	else
		pi->pid = number;
}

static int proc_lookup(struct dentry *dir, const char *name, size_t len, struct dentry **out)
{
	const struct proc_inode *pi = proc_of(dir->inode);
	const struct proc_numbers *numbers = pi->node->numbers;
	const struct proc_node *node = find_entry(pi->node, name, len);
	struct proc_inode model = *pi;
	struct inode *inode;
	int number, err;

	if (!node && numbers && is_number(name, len, &number) && numbers->next(pi, number) == number) {
		node = numbers->node;
		set_number(&model, numbers->what, number);
	}
	if (!node)
		return -ENOENT;
	err = create(dir->inode->sb, node, &model, ino_of(dir->inode, name, len), &inode);
	if (err)
		return err;
	*out = dentry_create(dir, name, len, inode);
	if (*out)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

/* ---- links ---- */

static int proc_follow(struct inode *link, struct path *out)
{
	const struct proc_inode *pi = proc_of(link);
	char name[PROC_LINK_MAX];

	return pi->node->follow(pi, out, name, sizeof(name));
}

/* Files that are on no mounted file system have a path of their own there; what programs know is the device's. */
static bool is_device(struct path path)
{
	return path.mount && !path.mount->parent && S_ISCHR(path.dentry->inode->mode);
}

static ssize_t proc_readlink(struct inode *link, char *buf, size_t size)
{
	const struct proc_inode *pi = proc_of(link);
	char name[PROC_LINK_MAX], *text = name, *room = heap_alloc(PATH_MAX);
	struct path path;
	size_t len;
	int err;

	if (!room)
		return -ENOMEM;
	vfs_lock();
	err = pi->node->follow(pi, &path, name, sizeof(name));
	if (!err && is_device(path)) {
		text = room;
		memcpy(text, "/dev/", 5);
		memcpy(text + 5, path.dentry->name, path.dentry->name_len + 1u);
	} else if (!err && path.mount) {
		err = path_name_any(path, room, PATH_MAX, &text);
		err = err == -ERANGE ? -ENAMETOOLONG : err;
	}
	vfs_unlock();
	if (!err) {
		len = min(strlen(text), size);
		memcpy(buf, text, len);
		err = (int)len;
		path_put(path);
	}
	heap_free(room);
	return err;
}

/* ---- directories ---- */

static bool emit_entries(struct file *file, struct dir_context *context)
{
	const struct proc_node *entries = proc_of(file->inode)->node->entries;
	off_t position = 2;

	for (const struct proc_node *entry = entries; entry && entry->name; entry++, position++) {
		size_t len = strlen(entry->name);

		if (position < file->position)
			continue;
		if (!context->emit(context, entry->name, len, ino_of(file->inode, entry->name, len),
				   DT_OF_MODE(entry->mode), position + 1))
			return false;
		file->position = position + 1;
	}
	file->position = max(file->position, (off_t)NUMBERS_AT);
	return true;
}

static void emit_numbers(struct file *file, struct dir_context *context)
{
	const struct proc_inode *pi = proc_of(file->inode);
	const struct proc_numbers *numbers = pi->node->numbers;
	char name[NUMBER_DIGITS + 2];

	while (file->position - NUMBERS_AT <= INT32_MAX) {
		int number = numbers->next(pi, (int)(file->position - NUMBERS_AT));
		size_t len;

		if (number < 0)
			return;
		len = format(name, sizeof(name), "%d", number);
		if (!context->emit(context, name, len, ino_of(file->inode, name, len), DT_OF_MODE(numbers->node->mode),
				   (off_t)number + NUMBERS_AT + 1))
			return;
		file->position = (off_t)number + NUMBERS_AT + 1;
	}
}

/* Is what the file is about still there? */
static int check_alive(const struct proc_inode *pi, int error)
{
	struct process *process = pi->pid ? process_find_any(pi->pid) : NULL;

	if (!pi->pid)
		return 0;
	if (!process)
		return error;
	process_put(process);
	return 0;
}

static int proc_iterate(struct file *file, struct dir_context *context)
{
	const struct proc_inode *pi = proc_of(file->inode);
	int err;

	vfs_lock();
	err = check_alive(pi, -ENOENT);
	if (!err && directory_emit_dots(file, context) && emit_entries(file, context) && pi->node->numbers)
		emit_numbers(file, context);
	vfs_unlock();
	return err;
}

static ssize_t proc_dir_read(struct file *file UNUSED, struct io *io UNUSED, off_t *position UNUSED)
{
	return -EISDIR;
}

static off_t proc_seek(struct file *file, off_t offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : file_seek_size(file, offset, whence, 0);
}

static const struct file_ops proc_dir_ops = {
	.read = proc_dir_read,
	.seek = proc_seek,
	.iterate = proc_iterate,
};

/* ---- files ---- */

static int subject_find(const struct proc_inode *pi, struct proc_subject *subject)
{
	*subject = (struct proc_subject){ .tid = pi->tid, .fd = pi->fd };
	if (!pi->pid)
		return 0;
	subject->process = process_find_any(pi->pid);
	if (!subject->process)
		return -ESRCH;
	if (!pi->tid || process_next_task(subject->process, pi->tid) == pi->tid)
		return 0;
	process_put(subject->process);
	return -ESRCH;
}

static void text_free(struct proc_text *text)
{
	if (text)
		heap_free(text->buf);
	heap_free(text);
}

static int text_write(const struct proc_inode *pi, struct proc_text **out)
{
	struct proc_text *text = heap_zalloc(sizeof(*text));
	struct proc_subject subject;
	int err = text ? subject_find(pi, &subject) : -ENOMEM;

	if (!err) {
		err = pi->node->guarded ? proc_may_look(subject.process) : 0;
		if (!err)
			err = pi->node->show(text, &subject);
		if (!err && text->failed)
			err = -ENOMEM;
		if (subject.process)
			process_put(subject.process);
	}
	if (err)
		text_free(text);
	else
		*out = text;
	return err;
}

static int proc_open(struct file *file)
{
	const struct proc_inode *pi = proc_of(file->inode);
	struct proc_subject subject;
	int err;

	if (!pi->node->guarded)
		return 0;
	err = subject_find(pi, &subject);
	if (err)
		return err;
	err = proc_may_look(subject.process);
	process_put(subject.process);
	return err;
}

/* A read of the start sees the present. The inode's lock keeps the text while it is copied out. */
static ssize_t proc_read(struct file *file, struct io *io, off_t *position)
{
	struct proc_text *text = NULL;
	ssize_t n = 0;

	if (!io->remaining)
		return 0;
	mutex_lock(&file->inode->lock);
	if (*position == 0 || !file->data) {
		n = text_write(proc_of(file->inode), &text);
		if (!n) {
			text_free(file->data);
			file->data = text;
		}
	}
	text = file->data;
	if (!n && *position < (off_t)text->len)
		n = io_put(io, text->buf + *position, text->len - (size_t)*position);
	mutex_unlock(&file->inode->lock);
	if (n > 0)
		*position += n;
	return n;
}

static void proc_release(struct file *file)
{
	text_free(file->data);
}

static const struct file_ops proc_file_ops = {
	.open = proc_open,
	.read = proc_read,
	.seek = proc_seek,
	.release = proc_release,
};

/* ---- the file system ---- */

static void proc_destroy(struct superblock *sb UNUSED)
{
}

static const struct superblock_ops proc_ops = {
	.inode_create = proc_inode_create,
	.inode_free = proc_inode_free,
	.destroy = proc_destroy,
	.lookup = proc_lookup,
	.follow = proc_follow,
	.readlink = proc_readlink,
};

int proc_directory_pid(const struct file *file)
{
	const struct inode *inode = file->inode;

	if (inode->sb->ops != &proc_ops || proc_of(inode)->node != proc_pid_numbers.node)
		return 0;
	return proc_of(inode)->pid;
}

/* Options say who sees which processes; here everybody sees all. */
static int proc_mount(struct superblock *sb, const char *options UNUSED)
{
	static const struct proc_inode nothing;
	struct inode *inode;
	int err;

	sb->ops = &proc_ops;
	err = create(sb, &proc_root, &nothing, FIRST_INO, &inode);
	if (err)
		return err;
	sb->root = dentry_create(NULL, "/", 1, inode);
	if (sb->root)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

static const struct filesystem proc = {
	.name = "proc",
	.magic = PROC_SUPER_MAGIC,
	.mount = proc_mount,
};
FILESYSTEM(proc);
