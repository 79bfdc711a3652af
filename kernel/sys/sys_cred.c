/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User and group ids: the rules of setuid(2) and its family, and what they do to capabilities (capabilities(7)).
 */
#include <kernel/string.h>

#include "sys_internal.h"

#define KEEP UINT32_MAX /* -1: leave that id as it is */
#define FS_CAPABILITIES                                                                                                \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH) | CAP_BIT(CAP_FOWNER) |         \
	 CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_MKNOD))

static struct credentials *cred(void)
{
	return &process_current()->cred;
}

SYSCALL(getuid, void)
{
	return cred()->uid;
}

SYSCALL(geteuid, void)
{
	return cred()->euid;
}

SYSCALL(getgid, void)
{
	return cred()->gid;
}

SYSCALL(getegid, void)
{
	return cred()->egid;
}

static int write_three(const uint32_t values[3], user_ptr_t a, user_ptr_t b, user_ptr_t c)
{
	if (user_write(a, &values[0]) || user_write(b, &values[1]) || user_write(c, &values[2]))
		return -EFAULT;
	return 0;
}

SYSCALL(getresuid, user_ptr_t ruid, user_ptr_t euid, user_ptr_t suid)
{
	return write_three((uint32_t[3]){ cred()->uid, cred()->euid, cred()->suid }, ruid, euid, suid);
}

SYSCALL(getresgid, user_ptr_t rgid, user_ptr_t egid, user_ptr_t sgid)
{
	return write_three((uint32_t[3]){ cred()->gid, cred()->egid, cred()->sgid }, rgid, egid, sgid);
}

/* What losing or gaining uid 0 does to capabilities. */
static void adjust_capabilities(struct credentials *new, const struct credentials *old)
{
	bool had_root = !old->uid || !old->euid || !old->suid;
	bool has_root = !new->uid || !new->euid || !new->suid;

	if (had_root && !has_root && !process_current()->keep_caps)
		new->cap_permitted = new->cap_effective = 0;
	if (!old->euid && new->euid)
		new->cap_effective = 0;
	if (old->euid && !new->euid)
		new->cap_effective = new->cap_permitted;
}

static void change_uids(uint32_t uid, uint32_t euid, uint32_t suid)
{
	struct credentials old = *cred(), *new = cred();

	new->uid = uid;
	new->euid = new->fsuid = euid;
	new->suid = suid;
	adjust_capabilities(new, &old);
}

static void change_gids(uint32_t gid, uint32_t egid, uint32_t sgid)
{
	cred()->gid = gid;
	cred()->egid = cred()->fsgid = egid;
	cred()->sgid = sgid;
}

SYSCALL(setuid, uint32_t uid)
{
	const struct credentials *c = cred();

	if (uid == KEEP)
		return -EINVAL;
	if (process_capable(CAP_SETUID))
		change_uids(uid, uid, uid);
	else if (uid == c->uid || uid == c->suid)
		change_uids(c->uid, uid, c->suid);
	else
		return -EPERM;
	return 0;
}

SYSCALL(setgid, uint32_t gid)
{
	const struct credentials *c = cred();

	if (gid == KEEP)
		return -EINVAL;
	if (process_capable(CAP_SETGID))
		change_gids(gid, gid, gid);
	else if (gid == c->gid || gid == c->sgid)
		change_gids(c->gid, gid, c->sgid);
	else
		return -EPERM;
	return 0;
}

static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == KEEP || id == a || id == b || id == c;
}

SYSCALL(setreuid, uint32_t ruid, uint32_t euid)
{
	const struct credentials *c = cred();
	uint32_t new_ruid = ruid == KEEP ? c->uid : ruid, new_euid = euid == KEEP ? c->euid : euid;
	bool saves = ruid != KEEP || (euid != KEEP && euid != c->uid);

	if (!process_capable(CAP_SETUID) &&
	    (!is_one_of(ruid, c->uid, c->euid, c->euid) || !is_one_of(euid, c->uid, c->euid, c->suid)))
		return -EPERM;
	change_uids(new_ruid, new_euid, saves ? new_euid : c->suid);
	return 0;
}

SYSCALL(setregid, uint32_t rgid, uint32_t egid)
{
	const struct credentials *c = cred();
	uint32_t new_rgid = rgid == KEEP ? c->gid : rgid, new_egid = egid == KEEP ? c->egid : egid;
	bool saves = rgid != KEEP || (egid != KEEP && egid != c->gid);

	if (!process_capable(CAP_SETGID) &&
	    (!is_one_of(rgid, c->gid, c->egid, c->egid) || !is_one_of(egid, c->gid, c->egid, c->sgid)))
		return -EPERM;
	change_gids(new_rgid, new_egid, saves ? new_egid : c->sgid);
	return 0;
}

SYSCALL(setresuid, uint32_t ruid, uint32_t euid, uint32_t suid)
{
	const struct credentials *c = cred();

	if (!process_capable(CAP_SETUID) &&
	    (!is_one_of(ruid, c->uid, c->euid, c->suid) || !is_one_of(euid, c->uid, c->euid, c->suid) ||
	     !is_one_of(suid, c->uid, c->euid, c->suid)))
		return -EPERM;
	change_uids(ruid == KEEP ? c->uid : ruid, euid == KEEP ? c->euid : euid, suid == KEEP ? c->suid : suid);
	return 0;
}

SYSCALL(setresgid, uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	const struct credentials *c = cred();

	if (!process_capable(CAP_SETGID) &&
	    (!is_one_of(rgid, c->gid, c->egid, c->sgid) || !is_one_of(egid, c->gid, c->egid, c->sgid) ||
	     !is_one_of(sgid, c->gid, c->egid, c->sgid)))
		return -EPERM;
	change_gids(rgid == KEEP ? c->gid : rgid, egid == KEEP ? c->egid : egid, sgid == KEEP ? c->sgid : sgid);
	return 0;
}

/* Returns the former id whether it changed or not: that is how one learns that it did not. */
SYSCALL(setfsuid, uint32_t uid)
{
	struct credentials *c = cred();
	uint32_t old = c->fsuid;

	if (uid == KEEP ||
	    (uid != c->uid && uid != c->euid && uid != c->suid && uid != old && !process_capable(CAP_SETUID)))
		return old;
	c->fsuid = uid;
	if (!old && uid)
		c->cap_effective &= ~FS_CAPABILITIES;
	if (old && !uid)
		c->cap_effective |= c->cap_permitted & FS_CAPABILITIES;
	return old;
}

SYSCALL(setfsgid, uint32_t gid)
{
	struct credentials *c = cred();
	uint32_t old = c->fsgid;

	if (gid != KEEP &&
	    (gid == c->gid || gid == c->egid || gid == c->sgid || gid == old || process_capable(CAP_SETGID)))
		c->fsgid = gid;
	return old;
}

SYSCALL(getgroups, int size, user_ptr_t list)
{
	const struct credentials *c = cred();

	if (size < 0)
		return -EINVAL;
	if (!size)
		return c->group_count;
	if ((uint32_t)size < c->group_count)
		return -EINVAL;
	if (user_copy_out(list, c->groups, c->group_count * sizeof(c->groups[0])))
		return -EFAULT;
	return c->group_count;
}

SYSCALL(setgroups, int size, user_ptr_t list)
{
	struct credentials *c = cred();
	uint32_t groups[GROUPS_MAX];

	if (!process_capable(CAP_SETGID))
		return -EPERM;
	if (size < 0 || size > GROUPS_MAX)
		return -EINVAL;
	if (user_copy_in(groups, list, (size_t)size * sizeof(groups[0])))
		return -EFAULT;
	for (int i = 0; i < size; i++)
		if (groups[i] == KEEP)
			return -EINVAL;
	memcpy(c->groups, groups, (size_t)size * sizeof(groups[0]));
	c->group_count = (uint32_t)size;
	return 0;
}
