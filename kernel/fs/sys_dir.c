/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading directories, and the process's place in the tree: getdents, getcwd, chdir, chroot, umask.
 */
#include <kernel/abi/dirent.h>
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "fs_internal.h"
#include "notify.h"
#include "user_path.h"

/* ---- getdents ---- */

#define CHUNK 1024 /* records are collected here and copied out between two looks at the directory */

struct getdents {
	struct dir_context context; /* must be first */
	bool old;   /* struct linux_dirent */
	bool full;
	size_t room;   /* in the program's buffer */
	size_t used;   /* of chunk */
	char chunk[CHUNK] ALIGNED(8);
};

static size_t record_size(const struct getdents *g, size_t name_len)
{
	size_t header = g->old ? offsetof(struct abi_dirent, d_name) + 1 : offsetof(struct abi_dirent64, d_name);

	return align_up(header + name_len + 1, (size_t)8);
}

static bool emit(struct dir_context *context, const char *name, size_t len, uint64_t ino, unsigned type, off_t next)
{
	struct getdents *g = container_of(context, struct getdents, context);
	size_t size = record_size(g, len);
	char *at = g->chunk + g->used;

	if (g->used + size > g->room) {
		g->full = true;
		return false;
	}
	if (g->used + size > CHUNK)
		return false;
	memset(at, 0, size);
	if (g->old) {
		struct abi_dirent *d = (struct abi_dirent *)at;

		*d = (struct abi_dirent){ ino, (uint64_t)next, (uint16_t)size };
		memcpy(d->d_name, name, len);
		at[size - 1] = (char)type;
	} else {
		struct abi_dirent64 *d = (struct abi_dirent64 *)at;

		*d = (struct abi_dirent64){ ino, next, (uint16_t)size, (uint8_t)type };
		memcpy(d->d_name, name, len);
	}
	g->used += size;
	return true;
}

static long getdents_file(struct file *file, user_ptr_t buf, size_t count, bool old)
{
	struct getdents g = { .context.emit = emit, .old = old, .room = count };
	size_t total = 0;
	int err;

	do {
		off_t before = file->position;

		g.used = 0;
		err = file->ops->iterate(file, &g.context);
		if (err || !g.used)
			break;
		err = user_copy_out(buf + total, g.chunk, g.used);
		if (err) {
			file->position = before;
			break;
		}
		total += g.used;
		g.room -= g.used;
	} while (!g.full);
	if (total)
		return (long)total;
	if (!err && g.full)
		err = -EINVAL;
	if (!err)
		inode_accessed(file->inode, file);
	return err;
}

static long getdents_fd(int fd, user_ptr_t buf, unsigned count, bool old)
{
	struct file *file = fd_get(fd);
	long n;

	if (!file)
		return -EBADF;
	if (!file->ops || !file->ops->iterate) {
		n = -ENOTDIR;
	} else {
		mutex_lock(&file->position_lock);
		n = getdents_file(file, buf, count, old);
		mutex_unlock(&file->position_lock);
		if (n != -ENOENT)
			notify_file(file, IN_ACCESS);
	}
	file_put(file);
	return n;
}

SYSCALL(getdents, int fd, user_ptr_t buf, unsigned count)
{
	return getdents_fd(fd, buf, count, true);
}

SYSCALL(getdents64, int fd, user_ptr_t buf, unsigned count)
{
	return getdents_fd(fd, buf, count, false);
}

/* ---- the place in the tree ---- */

/*
 * The name of the working directory, built at the end of a buffer of the given size: -ENAMETOOLONG when that is too
 * small, -ERANGE when the program's is.
 */
static long getcwd_with(char *text, size_t text_size, user_ptr_t buf, size_t size)
{
	char *name;
	size_t len;
	int err;

	vfs_lock();
	err = path_name(fs_context_current()->cwd, text, text_size, &name);
	vfs_unlock();
	if (err)
		return err == -ERANGE ? -ENAMETOOLONG : err;
	len = strlen(name) + 1;
	if (len > size)
		return -ERANGE;
	err = user_copy_out(buf, name, len);
	return err ? err : (long)len;
}

SYSCALL(getcwd, user_ptr_t buf, size_t size)
{
	char small[256], *large;
	long n = getcwd_with(small, sizeof(small), buf, size);

	if (n != -ENAMETOOLONG)
		return n;
	large = heap_alloc(PATH_MAX);
	if (!large)
		return -ENOMEM;
	n = getcwd_with(large, PATH_MAX, buf, size);
	heap_free(large);
	return n;
}

/* Makes path the working directory or, with root, the root; takes the reference over. */
static void context_set(struct path path, bool root)
{
	struct fs_context *context = fs_context_current();
	struct path *place = root ? &context->root : &context->cwd, old;

	vfs_lock();
	old = *place;
	*place = path;
	vfs_unlock();
	path_put(old);
}

static long change_to_path(user_ptr_t from, bool root)
{
	struct user_path text;
	struct path path;
	int err = user_path_copy(&text, from);

	if (err)
		return err;
	err = path_lookup(AT_FDCWD, text.text, WALK_FOLLOW | WALK_DIRECTORY, &path);
	user_path_free(&text);
	if (err)
		return err;
	err = inode_permission(path.dentry->inode, MAY_EXEC, credentials_current());
	if (!err && root && !cred_capable(credentials_current(), CAP_SYS_CHROOT))
		err = -EPERM;
	if (err)
		path_put(path);
	else
		context_set(path, root);
	return err;
}

SYSCALL(chdir, user_ptr_t path)
{
	return change_to_path(path, false);
}

SYSCALL(chroot, user_ptr_t path)
{
	return change_to_path(path, true);
}

SYSCALL(fchdir, int fd)
{
	struct file *file = fd_get_any(fd);
	int err;

	if (!file)
		return -EBADF;
	if (!S_ISDIR(file->inode->mode))
		err = -ENOTDIR;
	else
		err = inode_permission(file->inode, MAY_EXEC, credentials_current());
	if (!err)
		context_set(path_get((struct path){ file->mount, file->dentry }), false);
	file_put(file);
	return err;
}

SYSCALL(umask, uint32_t mask)
{
	return (long)atomic_exchange(&fs_context_current()->umask, mask & 0777);
}
