/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system's names.
 */
#include <kernel/abi/utsname.h>
#include <kernel/systest.h>

SYSTEST(uname_tells_a_linux)
{
	struct abi_utsname names;

	CHECK_EQ(sys(SYS_uname, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &names);
	CHECK_STR(names.sysname, "Linux");
	CHECK_STR(names.machine, "x86_64");
	CHECK(names.release[0] >= '5');
	CHECK_ERR(sys(SYS_uname, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_uname, SYSTEST_EDGE - 100), EFAULT);
}

SYSTEST(sethostname_changes_uname)
{
	struct abi_utsname before, after;

	CHECK_EQ(sys(SYS_uname, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &before);
	CHECK_EQ(sys(SYS_sethostname, systest_string(1024, "testhost"), 8), 0);
	CHECK_EQ(sys(SYS_setdomainname, systest_string(1024, "example"), 7), 0);
	CHECK_EQ(sys(SYS_uname, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &after);
	CHECK_EQ(sys(SYS_sethostname, systest_string(1024, before.nodename), strlen(before.nodename)), 0);
	CHECK_EQ(sys(SYS_setdomainname, systest_string(1024, before.domainname), strlen(before.domainname)), 0);
	CHECK_STR(after.nodename, "testhost");
	CHECK_STR(after.domainname, "example");
}

SYSTEST(sethostname_errors)
{
	CHECK_ERR(sys(SYS_sethostname, SYSTEST_MEM, -1), EINVAL);
	CHECK_ERR(sys(SYS_sethostname, SYSTEST_MEM, 65), EINVAL);
	CHECK_ERR(sys(SYS_sethostname, SYSTEST_BAD, 4), EFAULT);
	CHECK_ERR(sys(SYS_setdomainname, SYSTEST_MEM, 65), EINVAL);
	CHECK_ERR(sys(SYS_setdomainname, SYSTEST_BAD, 4), EFAULT);
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(sys(SYS_sethostname, SYSTEST_MEM, 4), EPERM);
	CHECK_ERR(sys(SYS_setdomainname, SYSTEST_MEM, 4), EPERM);
}
