/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of kernel/fs share with each other and with nobody else.
 */
#pragma once

#include <kernel/vfs.h>

void superblock_put(struct superblock *sb);

/* File ids of a process: the owner of what it creates. */
void cred_fs_ids(const struct credentials *cred, uint32_t *uid, uint32_t *gid);

/* file.c: where an open file was found; takes references. -ETXTBSY for a writer of what is run. */
int file_set_path(struct file *file, struct path path);

/* walk.c: ".." from at. */
int walk_up(struct walk *walk);

/*
 * namespace.c. Create the last component of a walk, at being its directory: checks rights, sets owner and group; target
 * for symbolic links. The dentry is borrowed. The nameless one belongs to the caller. The first tells nothing to those
 * who watch the directory.
 */
int namespace_create_quietly(struct walk *walk, unsigned mode, uint32_t rdev, const char *target, struct dentry **out);
int namespace_create(struct walk *walk, unsigned mode, uint32_t rdev, const char *target, struct dentry **out);
int namespace_create_nameless(struct walk *walk, unsigned mode, bool linkable, struct dentry **out);
/* May the last component of a walk be removed, as a directory or as something else? */
int namespace_may_delete(const struct walk *walk, const struct dentry *victim, bool directory);
/* Takes the names in a directory out of the tree: a server says that there are none. -EBUSY: a mount. */
int namespace_forget_below(struct dentry *dir);
/* Removes a name and what hangs on it: link counts, times. */
void namespace_remove(struct dentry *victim);

/* Changes of names that belong together, on a disk too (superblock_ops.begin). Tree lock. */
static inline int fs_begin(struct superblock *sb)
{
	return sb->ops->begin ? sb->ops->begin(sb) : 0;
}
static inline void fs_end(struct superblock *sb)
{
	if (sb->ops->end)
		sb->ops->end(sb);
}
static inline void inode_changed(struct inode *inode)
{
	if (inode->sb->ops->changed)
		inode->sb->ops->changed(inode);
}
/* 0 or -ENOTEMPTY; where names are on a disk, what reading it ends with. Tree lock. */
static inline int directory_is_empty(struct dentry *dir)
{
	if (dir->inode->sb->ops->is_empty)
		return dir->inode->sb->ops->is_empty(dir->inode);
	return list_empty(&dir->children) ? 0 : -ENOTEMPTY;
}

/*
 * start_mount.c: mounts for the program that is about to start, at a path whose directories are made. The errors of
 * mount_create().
 */
int mount_at_start(const char *type, const char *source, unsigned flags, char *path);

/* Called once, at boot: the mounts that hang nowhere. */
int ramfs_init_internal(void);
int devfs_init_internal(void);

/* Sets the boot context's root and working directory. */
void fs_context_set_root(struct path root);

/* lock.c: POSIX and flock locks. */
void lock_release_inode(struct inode *inode);  /* the inode goes away */
void lock_release_file(struct file *file);  /* an open file goes away: its flock and OFD locks */
struct fd_table;
void lock_release_table(struct inode *inode, const struct fd_table *table); /* POSIX locks: a descriptor was closed */
long lock_fcntl(struct file *file, unsigned command, user_ptr_t argument);
long lock_flock(struct file *file, unsigned operation);

/* xattr.c */
void xattr_release_inode(struct inode *inode);

/* epoll.c: the file goes away; epolls that watch it forget it. */
void epoll_release_file(struct file *file);

/* fifo.c: opens of named pipes; may sleep. */
extern const struct file_ops fifo_fops;

/*
 * open.c. The open file at path, with references of its own; then, outside the tree lock since it may sleep, what makes
 * a device or fifo ready: on an error the file is gone.
 */
int open_dentry(struct path path, unsigned flags, struct file **out);
int open_ready(struct file *file, unsigned flags);

/* directory.c: "." and ".." of an open directory, from its position on; false when there was no room. Tree lock. */
bool directory_emit_dots(struct file *file, struct dir_context *context);

/* devfs.c: replaces file->ops by those of the inode's device. -ENXIO. */
int device_open(struct file *file);

/* Access modes of an open file. */
static inline bool file_may_read(const struct file *file)
{
	return ((file->flags & O_ACCMODE) == O_RDONLY || (file->flags & O_ACCMODE) == O_RDWR) &&
	       !(file->flags & O_PATH);
}
static inline bool file_may_write(const struct file *file)
{
	return ((file->flags & O_ACCMODE) == O_WRONLY || (file->flags & O_ACCMODE) == O_RDWR) &&
	       !(file->flags & O_PATH);
}

/*
 * RLIMIT_FSIZE for a write of *len bytes at offset: cuts *len. True, and SIGXFSZ is sent, when nothing may be written.
 */
bool file_size_limit(off_t offset, size_t *len);

/* memfd.c: what memfd_create() was told, "" without; seals. */
const char *memfd_name(const struct file *file);
long memfd_fcntl(struct file *file, unsigned command, uint64_t argument);
