/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User and group ids, groups, capabilities.
 */
#include <kernel/systest.h>

#define KEEP ((uint32_t)-1)

static struct credentials *cred(void)
{
	return &process_current()->cred;
}

static bool uids_are(uint32_t uid, uint32_t euid, uint32_t suid)
{
	return cred()->uid == uid && cred()->euid == euid && cred()->suid == suid;
}

static bool gids_are(uint32_t gid, uint32_t egid, uint32_t sgid)
{
	return cred()->gid == gid && cred()->egid == egid && cred()->sgid == sgid;
}

SYSTEST(root_is_root)
{
	CHECK_EQ(sys(SYS_getuid), 0);
	CHECK_EQ(sys(SYS_geteuid), 0);
	CHECK_EQ(sys(SYS_getgid), 0);
	CHECK_EQ(sys(SYS_getegid), 0);
}

SYSTEST(setuid_of_root_is_for_good)
{
	CHECK_ERR(sys(SYS_setuid, -1), EINVAL);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK(uids_are(1000, 1000, 1000));
	CHECK_EQ(cred()->cap_effective, 0);
	CHECK_EQ(cred()->cap_permitted, 0);
	CHECK_ERR(sys(SYS_setuid, 0), EPERM);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_EQ(sys(SYS_getuid), 1000);
}

SYSTEST(setgid_without_root_chooses_among_its_own)
{
	CHECK_ERR(sys(SYS_setgid, -1), EINVAL);
	CHECK_EQ(sys(SYS_setresgid, 10, 20, 30), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_EQ(sys(SYS_setgid, 30), 0);
	CHECK(gids_are(10, 30, 30));
	CHECK_EQ(sys(SYS_getegid), 30);
	CHECK_ERR(sys(SYS_setgid, 20), EPERM);
}

SYSTEST(setreuid_saves_the_effective_id)
{
	CHECK_EQ(sys(SYS_setreuid, 1, 2), 0);
	CHECK(uids_are(1, 2, 2));
	/* No longer root: it may swap, but not invent. */
	CHECK_EQ(sys(SYS_setreuid, 2, 1), 0);
	CHECK(uids_are(2, 1, 1));
	CHECK_ERR(sys(SYS_setreuid, 3, -1), EPERM);
	CHECK_ERR(sys(SYS_setreuid, -1, 3), EPERM);
	CHECK_EQ(sys(SYS_setreuid, -1, -1), 0);
	CHECK(uids_are(2, 1, 1));
}

SYSTEST(setregid_saves_the_effective_id)
{
	CHECK_EQ(sys(SYS_setregid, 5, 6), 0);
	CHECK(gids_are(5, 6, 6));
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_EQ(sys(SYS_setregid, 6, 5), 0);
	CHECK_ERR(sys(SYS_setregid, 7, -1), EPERM);
	CHECK_ERR(sys(SYS_setregid, -1, 7), EPERM);
}

SYSTEST(setresuid_sets_each)
{
	const uint32_t expected[3] = { 1, 2, 3 };

	CHECK_EQ(sys(SYS_setresuid, 1, 2, 3), 0);
	CHECK_EQ(sys(SYS_getresuid, SYSTEST_MEM, SYSTEST_MEM + 4, SYSTEST_MEM + 8), 0);
	CHECK_MEM(SYSTEST_MEM, expected, sizeof(expected));
	CHECK_EQ(sys(SYS_setresuid, 3, 1, 2), 0);
	CHECK_ERR(sys(SYS_setresuid, 4, -1, -1), EPERM);
	CHECK_ERR(sys(SYS_setresuid, -1, -1, 4), EPERM);
	CHECK(uids_are(3, 1, 2));
	CHECK_ERR(sys(SYS_getresuid, SYSTEST_BAD, SYSTEST_MEM, SYSTEST_MEM), EFAULT);
	CHECK_ERR(sys(SYS_getresuid, SYSTEST_MEM, SYSTEST_MEM, SYSTEST_READONLY), EFAULT);
}

SYSTEST(setresgid_sets_each)
{
	const uint32_t expected[3] = { 1, 2, 3 };

	CHECK_EQ(sys(SYS_setresgid, 1, 2, 3), 0);
	CHECK_EQ(sys(SYS_getresgid, SYSTEST_MEM, SYSTEST_MEM + 4, SYSTEST_MEM + 8), 0);
	CHECK_MEM(SYSTEST_MEM, expected, sizeof(expected));
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_setresgid, -1, 4, -1), EPERM);
	CHECK_ERR(sys(SYS_getresgid, SYSTEST_MEM, SYSTEST_KERNEL, SYSTEST_MEM), EFAULT);
}

SYSTEST(setfsuid_tells_the_former_one)
{
	CHECK_EQ(sys(SYS_setfsuid, 7), 0);
	CHECK_EQ(sys(SYS_setfsuid, -1), 7);
	CHECK_EQ(cred()->fsuid, 7);
	CHECK(!(cred()->cap_effective & CAP_BIT(CAP_DAC_OVERRIDE)));
	CHECK(cred()->cap_effective & CAP_BIT(CAP_SYS_ADMIN));
	CHECK_EQ(sys(SYS_setfsuid, 0), 7);
	CHECK(cred()->cap_effective & CAP_BIT(CAP_DAC_OVERRIDE));
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_EQ(sys(SYS_setfsuid, 8), 1000);
	CHECK_EQ(cred()->fsuid, 1000);
}

SYSTEST(setfsgid_tells_the_former_one)
{
	CHECK_EQ(sys(SYS_setfsgid, 7), 0);
	CHECK_EQ(sys(SYS_setfsgid, -1), 7);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_EQ(sys(SYS_setfsgid, 8), 7);
	CHECK_EQ(cred()->fsgid, 7);
}

SYSTEST(groups_come_back)
{
	const uint32_t groups[3] = { 4, 24, 1000 };
	user_ptr_t list = systest_put(0, groups, sizeof(groups));

	CHECK_EQ(sys(SYS_setgroups, 3, list), 0);
	CHECK_EQ(sys(SYS_getgroups, 0, 0), 3);
	CHECK_EQ(sys(SYS_getgroups, 8, list + 64), 3);
	CHECK_MEM(list + 64, groups, sizeof(groups));
	CHECK_ERR(sys(SYS_getgroups, 2, list), EINVAL);
	CHECK_ERR(sys(SYS_getgroups, -1, list), EINVAL);
	CHECK_ERR(sys(SYS_getgroups, 3, SYSTEST_BAD), EFAULT);
}

SYSTEST(setgroups_is_for_the_privileged)
{
	const uint32_t bad = KEEP;

	CHECK_ERR(sys(SYS_setgroups, -1, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_setgroups, GROUPS_MAX + 1, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_setgroups, 1, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_setgroups, 1, systest_value(0, &bad)), EINVAL);
	CHECK_EQ(sys(SYS_setgroups, 0, 0), 0);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_setgroups, 0, 0), EPERM);
}

/* ---- capabilities ---- */

struct cap_header {
	uint32_t version;
	int32_t pid;
};

#define HEADER 0
#define DATA 64
#define VERSION_3 0x20080522u

static user_ptr_t header(uint32_t version, int pid)
{
	const struct cap_header h = { version, pid };

	return systest_value(HEADER, &h);
}

SYSTEST(capget_tells_root_has_all)
{
	const uint32_t expected[6] = { 0xffffffff, 0xffffffff, 0, (uint32_t)(CAP_ALL >> 32), (uint32_t)(CAP_ALL >> 32),
				       0 };

	CHECK_EQ(sys(SYS_capget, header(VERSION_3, 0), SYSTEST_MEM + DATA), 0);
	CHECK_MEM(SYSTEST_MEM + DATA, expected, sizeof(expected));
	CHECK_EQ(sys(SYS_capget, header(0x19980330, process_current()->pid), SYSTEST_MEM + DATA), 0);
}

SYSTEST(capget_errors)
{
	const uint32_t version = VERSION_3;

	CHECK_ERR(sys(SYS_capget, header(1, 0), SYSTEST_MEM + DATA), EINVAL);
	CHECK_MEM(SYSTEST_MEM + HEADER, &version, sizeof(version));
	CHECK_EQ(sys(SYS_capget, header(1, 0), 0), 0);
	CHECK_ERR(sys(SYS_capget, header(VERSION_3, -1), SYSTEST_MEM + DATA), EINVAL);
	CHECK_ERR(sys(SYS_capget, header(VERSION_3, 99999), SYSTEST_MEM + DATA), ESRCH);
	CHECK_ERR(sys(SYS_capget, SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_capget, header(VERSION_3, 0), SYSTEST_READONLY), EFAULT);
}

SYSTEST(capset_only_gives_up)
{
	const uint32_t less[6] = { 1, 3, 0, 0, 0, 0 }, more[6] = { 1, 7, 0, 0, 0, 0 };

	CHECK_EQ(sys(SYS_capset, header(VERSION_3, 0), systest_put(DATA, less, sizeof(less))), 0);
	CHECK_EQ(cred()->cap_effective, 1);
	CHECK_EQ(cred()->cap_permitted, 3);
	CHECK_ERR(sys(SYS_capset, header(VERSION_3, 0), systest_put(DATA, more, sizeof(more))), EPERM);
	CHECK_ERR(sys(SYS_setuid, 5), EPERM);
	CHECK_ERR(sys(SYS_capset, header(VERSION_3, 1 << 20), SYSTEST_MEM + DATA), EPERM);
	CHECK_ERR(sys(SYS_capset, header(7, 0), SYSTEST_MEM + DATA), EINVAL);
	CHECK_ERR(sys(SYS_capset, SYSTEST_BAD, SYSTEST_MEM + DATA), EFAULT);
	CHECK_ERR(sys(SYS_capset, header(VERSION_3, 0), SYSTEST_BAD), EFAULT);
}
