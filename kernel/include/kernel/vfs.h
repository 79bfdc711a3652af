/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system tree: inodes (files), dentries (their names), superblocks (one file system each) and mounts (where in
 * the tree it hangs), path walk and everything that acts on a path.
 *
 * The dentry tree *is* the content of a directory, but for file systems that are elsewhere (superblock_ops.find), of
 * which it has the names that were looked up. Locking: one mutex, the tree lock, guards names, parents and the mount
 * table; a path walk runs under it and therefore needs no references on its way. An inode's own mutex guards its
 * content and attributes; it is taken after the tree lock, never before. Neither is held while a fifo's opener sleeps.
 * References (dentry, inode, mount, path) are atomic and may be put in any thread context.
 */
#pragma once

#include <kernel/abi/fcntl.h>
#include <kernel/abi/stat.h>
#include <kernel/file.h>
#include <kernel/linkset.h>
#include <kernel/list.h>
#include <kernel/mutex.h>

struct credentials;
struct dir_context;
struct filesystem;
struct mount;
struct page;
struct path;
struct pipe;
struct superblock;

/* ---- inodes ---- */

struct timestamp {
	int64_t sec; /* since 1970 */
	uint32_t nsec;
};

struct inode {
	unsigned refs;
	unsigned mode;   /* type and permission bits */
	uint32_t uid, gid;
	uint32_t nlink;
	uint32_t rdev;   /* DEV_MAKE() of a device node */
	uint64_t ino;
	off_t size;
	struct timestamp atime, mtime, ctime, btime;
	struct superblock *sb;
	const struct file_ops *fops; /* of its open files; devices and fifos get theirs at open */
	struct mutex lock;  /* content, size and attributes */
	union {
		struct {  /* directories */
			uint64_t next_cookie;
			uint32_t entries;
		};
		char *target;  /* symbolic links: heap memory, constant; NULL: superblock_ops follow() knows */
		struct pipe *pipe; /* fifos: while open, under lock */
	};
	struct list locks;  /* of struct file_lock, under lock (kernel/fs/lock.c) */
	struct list xattrs;  /* of struct xattr, under lock */
	struct list watches;  /* of struct watch (kernel/fs/inotify.h) */
	bool linkable;   /* nameless (O_TMPFILE) but may get a name */
	unsigned named;   /* dentries that are in the tree; tree lock */
	int writers;   /* a regular file's: open for writing; below 0: programs that run from it */
};

/* What is to become of an inode's attributes: those whose bit is set. */
#define INODE_MODE 0x01u
#define INODE_UID 0x02u
#define INODE_GID 0x04u
#define INODE_SIZE 0x08u
#define INODE_ATIME 0x10u
#define INODE_MTIME 0x20u
struct inode_change {
	unsigned which;
	unsigned mode; /* permission bits, with those that a change of the owner takes away */
	uint32_t uid, gid;
	off_t size;
	struct timestamp atime, mtime;
	bool now; /* the times are the present: any writer may set them */
};

struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);
/* Fills a new inode's common part: one reference, times now, nlink 1 (2 for a directory), owner root. */
void inode_init(struct inode *inode, struct superblock *sb, unsigned mode);
/* The inode of files without a file system: eventfds and the like. Referenced. */
struct inode *inode_anonymous(void);
/* A nameless inode of the internal pipe file system. -ENOMEM. */
int inode_create_pipe(struct inode **out);
/* The same of sockets. */
int inode_create_socket(struct inode **out);

/* A regular file has writers or is run: each is -ETXTBSY while the other is the case. Any context. */
int inode_add_writer(struct inode *inode);
void inode_remove_writer(struct inode *inode);
int inode_add_program(struct inode *inode);
void inode_remove_program(struct inode *inode);

#define TOUCH_ATIME 1u
#define TOUCH_MTIME 2u
#define TOUCH_CTIME 4u
struct timestamp timestamp_now(void);
void inode_touch(struct inode *inode, unsigned which);
/* After a read: moves atime as "relatime" does, unless the file is O_NOATIME. */
void inode_accessed(struct inode *inode, const struct file *file);

/* ---- dentries ---- */

struct dentry {
	unsigned refs;   /* one while it is in the tree, one of each child */
	unsigned mounts;  /* mounts that hang here */
	struct dentry *parent;  /* referenced; itself for a root */
	struct inode *inode;  /* referenced, never NULL */
	struct list siblings;  /* on the parent's children */
	struct list children;
	struct dentry *hash_next;
	uint64_t cookie;  /* its directory position */
	uint32_t hash;
	bool unlinked;   /* no longer in the tree */
	bool watched;   /* its directory was when last seen: atomic (kernel/fs/notify.h) */
	uint8_t name_len;
	char *name;   /* NUL-terminated: short_name or heap memory */
	char short_name[32];
};

struct dentry *dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);
/* The child of that name, borrowed; NULL. Tree lock. */
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len);
/* Adds a name to a directory; takes its own inode reference. Borrowed result in *out. -ENOMEM. Tree lock. */
int dentry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode, struct dentry **out);
/* A dentry in no directory: a root (parent NULL), or an unlinked one. Takes over the inode reference on success. */
struct dentry *dentry_create(struct dentry *parent, const char *name, size_t len, struct inode *inode);
/* The same of a name that the file system finds (superblock_ops.find). -ENOENT and its other errors. Tree lock. */
int dentry_load(struct dentry *dir, const char *name, size_t len, struct dentry **out);
/* Forgets such names that nobody uses, when there are many. Tree lock, and no dentry is borrowed. */
void dentry_trim(void);
/*
 * Takes a name of that kind, and what is below it, out of the tree, though a walk may be looking at it: it is freed by
 * dentry_trim(). Not where something is mounted at or below it: false. Tree lock.
 */
bool dentry_forget(struct dentry *dentry);
/* Takes it out of its directory. Tree lock. */
void dentry_unlink(struct dentry *dentry);
/* Moves it to dir under a new name. -ENOMEM, and then nothing has changed. Tree lock. */
int dentry_move(struct dentry *dentry, struct dentry *dir, const char *name, size_t len);
/* Lets two dentries change places. Tree lock. */
void dentry_exchange(struct dentry *a, struct dentry *b);
/*
 * The names and parents of all dentries change under the tree lock and this spinlock: whoever has only this may look at
 * those of a dentry that he holds.
 */
unsigned long dentry_names_lock(void) MUST_CHECK;
void dentry_names_unlock(unsigned long flags);
/* True when a is b or above it. Tree lock. */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *b);

/* ---- file systems and mounts ---- */

struct fs_stats {
	uint64_t blocks, blocks_free, files, files_free; /* blocks of 4 KiB */
};

/* An inode that is to be made. */
struct inode_wanted {
	unsigned mode;
	uint32_t uid, gid, rdev;
	const char *target; /* of a symbolic link */
};

/*
 * A file system that a server keeps, which others may change too: what the tree has of it may be no longer so. All may
 * sleep. Those about names are called under the tree lock, when the caller's rights have been checked, and before the
 * tree is changed.
 */
struct remote_ops {
	/* Is a name still what the tree says? 0; -ESTALE: it must be looked for again. */
	int (*check)(struct dentry *dentry);
	/* Makes an inode and its name; *out is referenced. */
	int (*create)(struct inode *dir, const char *name, size_t len, const struct inode_wanted *wanted,
		      struct inode **out);
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	/* Removes a name; of a directory that is not empty, -ENOTEMPTY. */
	int (*remove)(struct dentry *victim);
	/* Gives source that name, in the place of target (NULL: it is free); flags: RENAME_EXCHANGE, or 0. */
	int (*rename)(struct dentry *source, struct inode *dir, const char *name, size_t len, struct dentry *target,
		      unsigned flags);
	/* Under the inode's mutex, before its fields are changed. */
	int (*change)(struct inode *inode, const struct inode_change *change);
	/* Brings the inode's attributes up to date, for stat. No locks. */
	void (*refresh)(struct inode *inode);
	/* As the functions of kernel/fs/xattr.h; all names there are. */
	int (*xattr_set)(struct inode *inode, const char *name, const void *value, size_t size, unsigned flags);
	ssize_t (*xattr_get)(struct inode *inode, const char *name, void *buf, size_t size);
	ssize_t (*xattr_list)(struct inode *inode, void *buf, size_t size);
	int (*xattr_remove)(struct inode *inode, const char *name);
};

struct superblock_ops {
	/* A new inode, not yet named; rdev for device nodes. -ENOSPC, -ENOMEM. */
	int (*inode_create)(struct superblock *sb, unsigned mode, uint32_t rdev, struct inode **out);
	/* The last reference is gone: frees content and the inode itself. */
	void (*inode_free)(struct inode *inode);
	void (*stats)(struct superblock *sb, struct fs_stats *stats);
	void (*destroy)(struct superblock *sb);  /* frees data */
	/*
	 * Optional, for a file system whose names are not all in the dentry tree: asked for those that are not, under
	 * the tree lock. A dentry in no directory (dentry_create()), whose reference the caller takes over. Programs
	 * neither make nor remove names there. -ENOENT, -ENOMEM.
	 */
	int (*lookup)(struct dentry *dir, const char *name, size_t len, struct dentry **out);
	/*
	 * Of symbolic links that are no text (inode->target is NULL). Where the link leads, referenced; the mount is
	 * NULL for files without a path. Tree lock. -ENOENT, -EACCES, -ENOMEM.
	 */
	int (*follow)(struct inode *link, struct path *out);
	/* What readlink tells of such a link: its length, cut to size. Without the tree lock. Errors as above. */
	ssize_t (*readlink)(struct inode *link, char *buf, size_t size);
	/*
	 * Optional: of a file system whose names are elsewhere, and in the dentry tree once they were looked up. The
	 * file of that name, referenced. It becomes a dentry; a directory that has one already is damage. Tree lock.
	 * -ENOENT, -EIO, -EUCLEAN, -ENOMEM.
	 */
	int (*find)(struct inode *dir, const char *name, size_t len, struct inode **out);
	/*
	 * Optional: a file system whose names are on a disk. begin and end are around all changes of names that belong
	 * together: there too they are made all or not at all. Between the two: gives a file a name, which is free;
	 * takes one away; lets an existing name mean another file; gives a directory another parent. Counts of links
	 * and times are the caller's, who tells by changed(). Tree lock. -EROFS, -ENOSPC, -EMLINK, -EIO, -EUCLEAN.
	 */
	int (*begin)(struct superblock *sb);
	void (*end)(struct superblock *sb);
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	int (*unlink)(struct inode *dir, const char *name, size_t len);
	int (*replace)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	int (*reparent)(struct inode *inode, struct inode *dir);
	/* 0; -ENOTEMPTY, -EIO, -EUCLEAN. Tree lock. */
	int (*is_empty)(struct inode *dir);
	/* Optional: attributes were changed, and are to be written. Locks of the tree and of the inode may be held. */
	void (*changed)(struct inode *inode);
	/* Optional: it is to be read-only from now on, or no longer. -EROFS, -EIO. */
	int (*remount)(struct superblock *sb, bool read_only);
	/* The inode's mutex is held. -EFBIG, -ENOSPC, -EIO. */
	int (*truncate)(struct inode *inode, off_t size);
	/* Writes all that was changed, and waits. -EIO. */
	int (*sync)(struct superblock *sb);
	/* Of one that a server keeps; inode_create and truncate are not asked then. */
	const struct remote_ops *remote;
};

struct superblock {
	unsigned refs;
	const struct filesystem *type;
	const struct superblock_ops *ops;
	struct dentry *root;
	uint32_t dev;   /* st_dev */
	char *source;   /* what was mounted: a device's path; NULL: nothing */
	bool read_only;
	uint64_t next_ino;
	void *data;
};

/* Registers with FILESYSTEM(). */
struct filesystem {
	const char *name;
	uint32_t magic;   /* f_type of statfs */
	/*
	 * Fills ops, root and data of a new superblock; options: "size=1M,mode=755" or "". source and read_only say
	 * what was asked for.
	 */
	int (*mount)(struct superblock *sb, const char *options);
	/* Blocks of 4 KiB that an inode holds; NULL: none. */
	uint64_t (*blocks)(const struct inode *inode);
};
#define FILESYSTEM(fs) LINKSET_ADD(filesystem, &(fs))

struct mount {
	unsigned refs;   /* one while it is mounted */
	unsigned flags;   /* MS_* */
	int id;
	unsigned writers;  /* regular files of it that are open for writing */
	bool expired;   /* MNT_EXPIRE was asked once */
	struct mount *parent;  /* referenced, NULL for a root and once detached */
	struct dentry *mountpoint; /* referenced, in parent */
	struct superblock *sb;
	struct dentry *root;  /* of sb */
	struct list node;  /* on the list of mounted ones */
};

struct path {
	struct mount *mount;
	struct dentry *dentry;
};

struct path path_get(struct path path);
void path_put(struct path path);

/*
 * A new instance of the named file system, mounted nowhere. source: a device's path, or what the type takes; "": none.
 * -ENODEV, -ENOMEM, -EINVAL (options), and what the type says.
 */
int mount_create(const char *type, const char *source, unsigned flags, const char *options, struct mount **out);
/* Hangs it over a directory, or a file over a file; consumes the mount on success. -EBUSY, -ENOTDIR, -ENOENT. */
int mount_attach(struct mount *mount, struct path at);
/* Both, over the directory of that name; out: NULL where nobody wants to know. */
int mount_create_at(const char *directory, const char *type, const char *source, unsigned flags, const char *options,
		    struct mount **out);
/* MNT_* flags. -EINVAL when path is no mount's root, -EBUSY, -EAGAIN (expire). */
int mount_detach(struct path path, unsigned flags);
struct mount *mount_get(struct mount *mount);
void mount_put(struct mount *mount);
/* The mount that hangs at path, borrowed; NULL. Tree lock. */
struct mount *mount_at(struct path path);
/* All that are mounted, in the order in which they were, until visit is not 0; its last result. Tree lock. */
int mount_foreach(int (*visit)(struct mount *mount, void *context), void *context);
/* All that are registered, by name; NULL behind the last. Any context. */
const struct filesystem *filesystem_next(const struct filesystem *after);
/* All that are mounted write what was changed; the first error. Sleeps. */
int mounts_sync(void);
/* The end: what is mounted is written and made read-only. */
void mounts_end(void);
/* -EROFS when nothing may be written through this mount; NULL: none. */
int mount_may_write(const struct mount *mount);

/* The process that a directory /proc/PID is about; 0: the file is something else. */
int proc_directory_pid(const struct file *file);

/* ---- who asks, and from where ---- */

struct fs_context {
	unsigned refs;
	unsigned umask;
	struct path root, cwd;  /* referenced; under the tree lock */
};

/* A copy of from (NULL: the boot context, "/" and umask 022). -ENOMEM. */
int fs_context_create(const struct fs_context *from, struct fs_context **out);
struct fs_context *fs_context_get(struct fs_context *context);
void fs_context_put(struct fs_context *context);
bool fs_context_is_shared(const struct fs_context *context);
/* The running process's; the boot context for kernel threads. */
struct fs_context *fs_context_current(void);
const struct credentials *credentials_current(void);

#define MAY_EXEC 1u
#define MAY_WRITE 2u
#define MAY_READ 4u
/* Permission bits: 0 or -EACCES. */
int inode_permission(const struct inode *inode, unsigned may, const struct credentials *cred);
/* True for the owner and with CAP_FOWNER. */
bool inode_is_owner(const struct inode *inode, const struct credentials *cred);
bool cred_in_group(const struct credentials *cred, uint32_t gid);
/* True with that capability (kernel/process.h) in the effective set. */
bool cred_capable(const struct credentials *cred, unsigned capability);

/* ---- the tree lock and path walk ---- */

void vfs_lock(void);
void vfs_unlock(void);

#define WALK_FOLLOW 0x01u /* follow a symbolic link in the last component */
#define WALK_DIRECTORY 0x02u /* -ENOTDIR unless it leads to a directory */
#define WALK_EMPTY 0x04u /* an empty path is dirfd itself (AT_EMPTY_PATH) */
#define WALK_NO_SYMLINKS 0x10u /* RESOLVE_*, as openat2 has them */
#define WALK_NO_XDEV 0x20u
#define WALK_BENEATH 0x40u
#define WALK_IN_ROOT 0x80u
#define WALK_NO_MAGICLINKS 0x100u

#define WALK_LINKS_MAX 40
#define WALK_HELD_MAX 8 /* links, of each kind, that are not in the tree or are no text */

enum walk_last { WALK_NORMAL, WALK_DOT, WALK_DOTDOT, WALK_ROOT };

/*
 * A walk in progress, from walk_begin() to walk_end(); the tree lock is held meanwhile. All paths in it are
 * borrowed.
 */
struct walk {
	const struct credentials *cred;
	unsigned flags;
	struct path root, start, at; /* at: how far it got; a directory whenever a component is to be looked up */
	struct file *dir;  /* of dirfd, referenced */
	/*
	 * The last dentry that is not in the tree, referenced, and with it those above: what was found on the way
	 * before cannot be needed any more.
	 */
	struct dentry *held;
	struct dentry *texts[WALK_HELD_MAX]; /* referenced: links that are not in the tree, whose texts are walked */
	struct mount *mounts[WALK_HELD_MAX]; /* referenced: where links led that are no text */
	unsigned text_count, mount_count;
	const char *rest;  /* the text not yet walked */
	unsigned depth, links;
	const char *stack[WALK_LINKS_MAX]; /* what remains of the texts whose links are being followed */
	/* The last component, set by walk_parent(); it may be followed by slashes. */
	enum walk_last last_type;
	const char *last;
	size_t last_len;
	bool last_slash;
};

/* Takes the tree lock, even when it fails. -EBADF, -ENOTDIR, -ENOENT (empty). text must live until walk_end(). */
int walk_begin(struct walk *walk, int dirfd, const char *text, unsigned flags);
void walk_end(struct walk *walk);
/* A second walk while the first one holds the lock (rename); it is ended after the first one, without the lock. */
int walk_begin_nested(struct walk *walk, int dirfd, const char *text, unsigned flags);
void walk_end_nested(struct walk *walk);
/* Goes on up to, but not into, the last component: at is its directory. */
int walk_parent(struct walk *walk);
/* Looks the last component up without following it: *child, mounts not crossed. -ENOENT, -ENAMETOOLONG, -EACCES. */
int walk_child(struct walk *walk, struct dentry **child);
/*
 * Moves at to child (and into what is mounted there). Returns 1 when it is a link that walk_follow() should
 * follow now.
 */
int walk_enter(struct walk *walk, struct dentry *child, bool follow);
/* Continues at the text of the link; walk_parent() is next. -ELOOP, -EACCES. */
int walk_follow(struct walk *walk, struct inode *link);
/* The whole way: at is where text leads. */
int walk_all(struct walk *walk);

/* All of the above in one call; *out is referenced. */
int path_lookup(int dirfd, const char *text, unsigned flags, struct path *out);
/* The same with other credentials than the thread's own: access(). */
int path_lookup_as(int dirfd, const char *text, unsigned flags, const struct credentials *cred, struct path *out);
/*
 * The absolute name as the caller's root sees it, at the end of buf; "(unreachable)/..." outside. Tree lock.
 * -ERANGE, -ENOENT.
 */
int path_name(struct path path, char *buf, size_t size, char **name);
/* The same, but of a file that has lost its name too: "/tmp/x (deleted)". */
int path_name_any(struct path path, char *buf, size_t size, char **name);

/* ---- what is done to paths ---- */

/* The running thread opens text: flags, mode: as open(2). */
int vfs_open(int dirfd, const char *text, unsigned flags, unsigned mode, struct file **out);
/* The same regular file once more, to be read, however it is open. -EACCES: it is none; -ENOMEM. */
int vfs_reopen(const struct file *file, struct file **out);
/* The same with openat2's RESOLVE_* as WALK_* flags. */
int vfs_open_resolve(int dirfd, const char *text, unsigned flags, unsigned mode, unsigned walk_flags,
		     struct file **out);
int vfs_mkdir(int dirfd, const char *text, unsigned mode);
int vfs_mknod(int dirfd, const char *text, unsigned mode, uint32_t rdev);
int vfs_symlink(int dirfd, const char *text, const char *target);
int vfs_unlink(int dirfd, const char *text);
int vfs_rmdir(int dirfd, const char *text);
/* Gives an existing inode one more name; old is referenced by the caller. */
int vfs_link(struct path old, int dirfd, const char *text);

/* One side of a rename; walk_begin() and walk_parent() are done. */
int vfs_rename(struct walk *from, struct walk *to, unsigned flags);

/* Attributes; each checks the caller's rights. */
int inode_chmod(struct inode *inode, unsigned mode);
int inode_chown(struct inode *inode, uint32_t uid, uint32_t gid); /* -1: leave */
int inode_set_times(struct inode *inode, const struct timestamp *atime, const struct timestamp *mtime, bool now);
/* Before what stat tells of it is looked at: a server may know better by now. Sleeps. */
void inode_refresh(struct inode *inode);
/* Through a path or an open file; no check of rights. -EINVAL when it is no regular file. */
int inode_truncate(struct inode *inode, off_t size);

/* Fills what stat tells. */
void inode_stat(const struct inode *inode, struct abi_stat *stat);

/* ---- reading a directory ---- */

struct dir_context {
	/* False when there is no room for this entry: iteration stops before it. */
	bool (*emit)(struct dir_context *context, const char *name, size_t len, uint64_t ino, unsigned type,
		     off_t next);
};

/* The operations of open directories. */
extern const struct file_ops directory_fops;

/* ---- devices ---- */

/* A character device; a node of its number is made in every devfs. Registers with CHAR_DEVICE(). */
struct char_device {
	const char *name;
	unsigned major, minor;
	unsigned mode;
	const struct file_ops *fops;
};
#define CHAR_DEVICE(device) LINKSET_ADD(char_device, &(device))
const struct char_device *char_device_find(uint32_t rdev);
/* One that was found: its node is in each devfs that is mounted from now on. */
struct found_device {
	struct char_device device;
	const char *link;	/* "FOLDER/NAME": a symbolic link to it; NULL: none */
	struct list node;
};
/* -EEXIST. Threads. */
int char_device_add(struct found_device *found) MUST_CHECK;
void char_device_remove(struct found_device *found);
/* Opens a device of that name without a path. -ENXIO, -ENOMEM. */
int device_open_internal(const char *name, unsigned flags, struct file **out);
