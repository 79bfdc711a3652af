/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may do what: permission bits, ownership, root's override; and the context (root, working directory, umask) from
 * which a thread looks at the tree.
 */
#include <kernel/atomic.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/vfs.h>

#include "fs_internal.h"

static const struct credentials boot_cred = { .cap_effective = CAP_ALL };
static struct fs_context boot_context = { .refs = 1, .umask = 022 };

const struct credentials *credentials_current(void)
{
	struct process *process = process_current();

	return process ? &process->cred : &boot_cred;
}

struct fs_context *fs_context_current(void)
{
	struct process *process = process_current();

	return process && process->fs ? process->fs : &boot_context;
}

bool cred_capable(const struct credentials *cred, unsigned capability)
{
	return cred->cap_effective & CAP_BIT(capability);
}

void cred_fs_ids(const struct credentials *cred, uint32_t *uid, uint32_t *gid)
{
	*uid = cred->fsuid;
	*gid = cred->fsgid;
}

bool cred_in_group(const struct credentials *cred, uint32_t gid)
{
	if (cred->fsgid == gid)
		return true;
	for (uint32_t i = 0; i < cred->group_count; i++)
		if (cred->groups[i] == gid)
			return true;
	return false;
}

bool inode_is_owner(const struct inode *inode, const struct credentials *cred)
{
	return cred->fsuid == inode->uid || cred_capable(cred, CAP_FOWNER);
}

/* What capabilities allow beyond the bits: all, but executing a file needs one execute bit somewhere. */
static bool permission_override(const struct inode *inode, unsigned may, const struct credentials *cred)
{
	bool directory = S_ISDIR(inode->mode);

	if (cred_capable(cred, CAP_DAC_OVERRIDE))
		return !(may & MAY_EXEC) || directory || (inode->mode & S_IXUGO);
	if (!cred_capable(cred, CAP_DAC_READ_SEARCH) || (may & MAY_WRITE))
		return false;
	return directory || may == MAY_READ;
}

int inode_permission(const struct inode *inode, unsigned may, const struct credentials *cred)
{
	unsigned bits = inode->mode;

	if (cred->fsuid == inode->uid)
		bits >>= 6;
	else if (cred_in_group(cred, inode->gid))
		bits >>= 3;
	if (!(may & ~bits & 7))
		return 0;
	return permission_override(inode, may, cred) ? 0 : -EACCES;
}

void fs_context_set_root(struct path root)
{
	boot_context.root = path_get(root);
	boot_context.cwd = path_get(root);
}

int fs_context_create(const struct fs_context *from, struct fs_context **out)
{
	struct fs_context *context = heap_alloc(sizeof(*context));

	if (!context)
		return -ENOMEM;
	if (!from)
		from = &boot_context;
	vfs_lock();
	context->refs = 1;
	context->umask = from->umask;
	context->root = path_get(from->root);
	context->cwd = path_get(from->cwd);
	vfs_unlock();
	*out = context;
	return 0;
}

struct fs_context *fs_context_get(struct fs_context *context)
{
	atomic_fetch_add(&context->refs, 1);
	return context;
}

bool fs_context_is_shared(const struct fs_context *context)
{
	return atomic_load(&context->refs) > 1;
}

void fs_context_put(struct fs_context *context)
{
	if (!context || atomic_fetch_sub(&context->refs, 1) != 1)
		return;
	path_put(context->root);
	path_put(context->cwd);
	heap_free(context);
}
