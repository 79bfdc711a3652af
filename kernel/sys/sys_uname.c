/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system's names. Programs (glibc) refuse to start on a Linux older than they were built for, so the release is a
 * Linux one: that of the calls whose meaning this kernel follows.
 */
#include <kernel/abi/utsname.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/string.h>

#include "sys_internal.h"

static struct mutex lock = MUTEX_INIT(lock);
static struct abi_utsname names = {
	.sysname = "Linux",
	.nodename = "saki",
	.release = "6.1.0-saki",
	.version = "#1 Saki",
	.machine = "x86_64",
	.domainname = "(none)",
};

void uname_get(struct abi_utsname *copy)
{
	mutex_lock(&lock);
	*copy = names;
	mutex_unlock(&lock);
}

void uname_set_host(const char *name)
{
	mutex_lock(&lock);
	format(names.nodename, sizeof(names.nodename), "%s", name);
	mutex_unlock(&lock);
}

SYSCALL(uname, user_ptr_t buf)
{
	struct abi_utsname copy;

	uname_get(&copy);
	return user_write(buf, &copy);
}

static long set_name(char to[UTS_LEN], user_ptr_t name, int len)
{
	char copy[UTS_LEN] = { 0 };

	if (!process_capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len >= UTS_LEN)
		return -EINVAL;
	if (user_copy_in(copy, name, (size_t)len))
		return -EFAULT;
	mutex_lock(&lock);
	memcpy(to, copy, sizeof(copy));
	mutex_unlock(&lock);
	return 0;
}

SYSCALL(sethostname, user_ptr_t name, int len)
{
	return set_name(names.nodename, name, len);
}

SYSCALL(setdomainname, user_ptr_t name, int len)
{
	return set_name(names.domainname, name, len);
}
