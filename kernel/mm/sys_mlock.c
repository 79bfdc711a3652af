/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls that lock memory.
 */
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/planted.h>
#include <kernel/syscall.h>

SYSCALL(mlock, uint64_t addr, size_t len)
{
	return aspace_lock(aspace_current(), addr, len, true, false);
}

SYSCALL(mlock2, uint64_t addr, size_t len, int flags)
{
	if (flags & ~(int)MLOCK_ONFAULT)
		return -EINVAL;
	return aspace_lock(aspace_current(), addr, len, true, flags);
}

SYSCALL(munlock, uint64_t addr, size_t len)
{
	return aspace_lock(aspace_current(), addr, len, false, false);
}

SYSCALL(mlockall, int flags)
{
	planted_lost_tables(flags);
	return flags ? aspace_lock_all(aspace_current(), flags) : -EINVAL;
}

SYSCALL(munlockall, void)
{
	return aspace_lock_all(aspace_current(), 0);
}
