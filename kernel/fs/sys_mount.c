/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mount and umount2.
 */
#include <kernel/abi/mount.h>
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "user_path.h"

#define FLAGS_KEPT (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
#define FLAGS_UNSUPPORTED (MS_BIND | MS_MOVE | MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED)
#define TYPE_MAX 32

/* Options are a page at most, cut there; a NULL pointer means none. */
static int copy_options(user_ptr_t from, char **options)
{
	ssize_t len;

	*options = heap_alloc(PAGE_SIZE);
	if (!*options)
		return -ENOMEM;
	**options = 0;
	len = from ? user_copy_string(*options, from, PAGE_SIZE) : 0;
	if (len < 0) {
		heap_free(*options);
		return len == -ENAMETOOLONG ? -EINVAL : (int)len;
	}
	return 0;
}

static int mount_new(struct path at, user_ptr_t type_name, user_ptr_t source, unsigned flags, const char *options)
{
	struct user_path from = { .text = NULL };
	char type[TYPE_MAX];
	struct mount *mount;
	ssize_t len;
	int err;

	if (!type_name)
		return -EINVAL;
	len = user_copy_string(type, type_name, sizeof(type));
	if (len < 0)
		return len == -ENAMETOOLONG ? -ENODEV : (int)len;
	err = source ? user_path_copy(&from, source) : 0;
	if (err)
		return err;
	err = mount_create(type, source ? from.text : "", flags & FLAGS_KEPT, options, &mount);
	if (source)
		user_path_free(&from);
	if (err)
		return err;
	err = mount_attach(mount, at);
	if (err)
		mount_put(mount);
	return err;
}

static int remount(struct path at, unsigned flags)
{
	struct superblock *sb;
	bool read_only = flags & MS_RDONLY;
	int err;

	if (!at.mount || at.dentry != at.mount->root)
		return -EINVAL;
	sb = at.mount->sb;
	if (read_only && atomic_load(&at.mount->writers))
		return -EBUSY;
	if (sb->ops->remount && read_only != sb->read_only) {
		err = sb->ops->remount(sb, read_only);
		if (err)
			return err;
		sb->read_only = read_only;
	}
	at.mount->flags = flags & FLAGS_KEPT;
	return 0;
}

SYSCALL(mount, user_ptr_t source, user_ptr_t target, user_ptr_t fstype, uint64_t flags, user_ptr_t data)
{
	unsigned bits = (unsigned)flags;
	struct target at;
	char *options;
	int err = copy_options(data, &options);

	if (err)
		return err;
	if ((bits & MS_MGC_MSK) == MS_MGC_VAL)
		bits &= ~MS_MGC_MSK;
	err = target_from_path(AT_FDCWD, target, 0, &at);
	if (err)
		goto out;
	if (!cred_capable(credentials_current(), CAP_SYS_ADMIN))
		err = -EPERM;
	else if (bits & FLAGS_UNSUPPORTED)
		err = -EINVAL;
	else if (bits & MS_REMOUNT)
		err = remount((struct path){ at.mount, at.dentry }, bits);
	else
		err = mount_new((struct path){ at.mount, at.dentry }, fstype, source, bits, options);
	target_put(&at);
out:
	heap_free(options);
	return err;
}

SYSCALL(umount2, user_ptr_t target, int flags)
{
	unsigned bits = (unsigned)flags;
	struct user_path text;
	struct path path;
	int err;

	if (bits & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if ((bits & MNT_EXPIRE) && (bits & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	err = user_path_copy(&text, target);
	if (err)
		return err;
	err = path_lookup(AT_FDCWD, text.text, bits & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, &path);
	user_path_free(&text);
	if (err)
		return err;
	if (!cred_capable(credentials_current(), CAP_SYS_ADMIN))
		err = -EPERM;
	else
		err = mount_detach(path, bits);
	path_put(path);
	return err;
}
