/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links of /proc/PID that lead where the process is, to what it runs and what it has open. All of them are asked under
 * the tree lock, where a reference may be taken but not dropped: see process_hold().
 */
#include <kernel/file.h>
#include <kernel/log.h>

#include "fs_internal.h"
#include "proc.h"

/* The link's process, held and referenced: release() it. -EACCES also when it is gone, as Linux has it. */
static int hold(const struct proc_inode *link, struct process **out)
{
	struct process *process = process_find_any(link->pid);
	int err;

	if (!process)
		return -EACCES;
	err = proc_may_look(process);
	if (!err && !process_hold(process))
		err = -ENOENT;
	if (err)
		process_put(process);
	else
		*out = process;
	return err;
}

static void release(struct process *process)
{
	process_unhold();
	process_put(process);
}

/* ---- open files ---- */

void proc_file_name(const struct file *file, char *name, size_t size)
{
	if (file->ops && file->ops->name)
		format(name, size, "%s", file->ops->name);
	else if (S_ISFIFO(file->inode->mode))
		format(name, size, "pipe:[%llu]", (unsigned long long)file->inode->ino);
	else if (S_ISREG(file->inode->mode))
		format(name, size, "/memfd:%s (deleted)", memfd_name(file));
	else
		format(name, size, "anon_inode:[file]");
}

const char *file_name(const struct file *file, char *buf, size_t size)
{
	char *name = buf;
	int err = 0;

	if (file->mount) {
		vfs_lock();
		err = path_name_any((struct path){ file->mount, file->dentry }, buf, size, &name);
		vfs_unlock();
	} else {
		proc_file_name(file, buf, size);
	}
	return err ? "" : name;
}

/* The open file of a descriptor; the table's lock is held when there is one, and it stays open until that is let go. */
static struct file *slot_lock(struct process *process, int fd, struct fd_slot *slot)
{
	struct fd_table *table = process->fds;

	if (!table)
		return NULL;
	mutex_lock(&table->lock);
	if ((unsigned)fd < table->size && table->slots[fd].file) {
		*slot = table->slots[fd];
		return slot->file;
	}
	mutex_unlock(&table->lock);
	return NULL;
}

/* A walk needs a dentry even where there is no name. */
static int make_place(const struct file *file, struct path *out)
{
	struct dentry *dentry = dentry_create(NULL, "", 0, inode_get(file->inode));

	if (!dentry) {
		inode_put(file->inode);
		return -ENOMEM;
	}
	dentry->unlinked = true;
	*out = (struct path){ NULL, dentry };
	return 0;
}

int proc_follow_fd(const struct proc_inode *link, struct path *out, char *name, size_t size)
{
	struct process *process;
	struct fd_slot slot;
	struct file *file;
	int err = hold(link, &process);

	if (err)
		return err;
	file = slot_lock(process, link->fd, &slot);
	if (!file) {
		err = -ENOENT;
	} else {
		proc_file_name(file, name, size);
		if (file->dentry)
			*out = path_get((struct path){ file->mount, file->dentry });
		else
			err = make_place(file, out);
		mutex_unlock(&process->fds->lock);
	}
	release(process);
	return err;
}

unsigned proc_fd_mode(const struct proc_inode *link)
{
	struct process *process;
	struct fd_slot slot;
	struct file *file;
	unsigned mode = 0;

	if (hold(link, &process))
		return 0;
	file = slot_lock(process, link->fd, &slot);
	if (file) {
		if (file_may_read(file))
			mode |= 0500;
		if (file_may_write(file))
			mode |= 0300;
		mutex_unlock(&process->fds->lock);
	}
	release(process);
	return mode;
}

int proc_next_fd(const struct proc_inode *dir, int from)
{
	struct process *process;
	int next = -1;

	if (hold(dir, &process))
		return -1;
	if (process->fds) {
		struct fd_table *table = process->fds;

		mutex_lock(&table->lock);
		for (unsigned fd = (unsigned)from; fd < table->size && next < 0; fd++)
			if (table->slots[fd].file)
				next = (int)fd;
		mutex_unlock(&table->lock);
	}
	release(process);
	return next;
}

int proc_show_fdinfo(struct proc_text *text, const struct proc_subject *subject)
{
	struct fd_slot slot;
	struct file *file;
	int err = -ENOENT;

	if (!process_hold(subject->process))
		return -ENOENT;
	file = slot_lock(subject->process, subject->fd, &slot);
	if (file) {
		unsigned flags = file->flags | (slot.close_on_exec ? O_CLOEXEC : 0);

		proc_print(text, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n",
			   (long long)max(file->position, (off_t)0), flags, file->mount ? file->mount->id : 0,
			   (unsigned long long)file->inode->ino);
		mutex_unlock(&subject->process->fds->lock);
		err = 0;
	}
	process_unhold();
	return err;
}

/* ---- program and places ---- */

int proc_follow_exe(const struct proc_inode *link, struct path *out, char *name, size_t size)
{
	struct process *process;
	int err = hold(link, &process);

	if (err)
		return err;
	if (!process->program) {
		err = -ENOENT;
	} else {
		proc_file_name(process->program, name, size);
		*out = path_get((struct path){ process->program->mount, process->program->dentry });
	}
	release(process);
	return err;
}

static int follow_place(const struct proc_inode *link, struct path *out, bool root)
{
	struct process *process;
	int err = hold(link, &process);

	if (err)
		return err;
	if (process->fs)
		*out = path_get(root ? process->fs->root : process->fs->cwd);
	else
		err = -ENOENT;
	release(process);
	return err;
}

int proc_follow_cwd(const struct proc_inode *link, struct path *out, char *name UNUSED, size_t size UNUSED)
{
	return follow_place(link, out, false);
}

int proc_follow_root(const struct proc_inode *link, struct path *out, char *name UNUSED, size_t size UNUSED)
{
	return follow_place(link, out, true);
}
