/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open, openat, openat2, creat, close, close_range.
 */
#include <kernel/fd.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#include "user_path.h"

#define OPEN_HOW_SIZE_MIN 24

static long open_at(int dirfd, user_ptr_t path, unsigned flags, unsigned mode, unsigned walk_flags)
{
	struct user_path text;
	struct file *file;
	int fd = user_path_copy(&text, path);

	if (fd)
		return fd;
	fd = vfs_open_resolve(dirfd, text.text, flags, mode, walk_flags, &file);
	user_path_free(&text);
	if (fd)
		return fd;
	fd = fd_install(file, 0, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* Unknown flags are ignored, as they always were. */
static long open_old(int dirfd, user_ptr_t path, unsigned flags, unsigned mode)
{
	return open_at(dirfd, path, (flags & O_VALID) | O_LARGEFILE, mode & S_IALLUGO, 0);
}

SYSCALL(open, user_ptr_t path, int flags, uint32_t mode)
{
	return open_old(AT_FDCWD, path, (unsigned)flags, mode);
}

SYSCALL(openat, int dir, user_ptr_t path, int flags, uint32_t mode)
{
	return open_old(dir, path, (unsigned)flags, mode);
}

SYSCALL(creat, user_ptr_t path, uint32_t mode)
{
	return open_old(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static int copy_open_how(struct abi_open_how *how, user_ptr_t from, size_t size)
{
	return size < OPEN_HOW_SIZE_MIN ? -EINVAL : user_copy_struct(how, sizeof(*how), from, size);
}

static int resolve_flags(uint64_t resolve, unsigned *walk_flags)
{
	if (resolve & ~(uint64_t)(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |
				  RESOLVE_IN_ROOT | RESOLVE_CACHED))
		return -EINVAL;
	if ((resolve & RESOLVE_BENEATH) && (resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	*walk_flags = (resolve & RESOLVE_NO_XDEV ? WALK_NO_XDEV : 0) |
		      (resolve & RESOLVE_NO_SYMLINKS ? WALK_NO_SYMLINKS : 0) |
		      (resolve & RESOLVE_NO_MAGICLINKS ? WALK_NO_MAGICLINKS : 0) |
		      (resolve & RESOLVE_BENEATH ? WALK_BENEATH : 0) | (resolve & RESOLVE_IN_ROOT ? WALK_IN_ROOT : 0);
	return 0;
}

static int check_open_how(const struct abi_open_how *how)
{
	uint64_t flags = how->flags;

	if (flags & ~(uint64_t)O_VALID)
		return -EINVAL;
	if (flags & (O_CREAT | O_TMPFILE_BIT)) {
		if (how->mode & ~(uint64_t)S_IALLUGO)
			return -EINVAL;
	} else if (how->mode) {
		return -EINVAL;
	}
	if ((flags & O_PATH) && (flags & ~(uint64_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) && (flags & (O_TRUNC | O_CREAT | O_TMPFILE_BIT)))
		return -EAGAIN;
	return 0;
}

SYSCALL(openat2, int dir, user_ptr_t path, user_ptr_t how, size_t size)
{
	struct abi_open_how copy;
	unsigned walk_flags;
	int err = copy_open_how(&copy, how, size);

	if (!err)
		err = check_open_how(&copy);
	if (!err)
		err = resolve_flags(copy.resolve, &walk_flags);
	if (err)
		return err;
	return open_at(dir, path, (unsigned)copy.flags, (unsigned)copy.mode, walk_flags);
}

SYSCALL(close, int fd)
{
	return fd_close(fd);
}

SYSCALL(close_range, unsigned first, unsigned last, unsigned flags)
{
	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	return fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
}
