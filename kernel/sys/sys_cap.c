/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capget and capset: the capability sets of a process, in the three layouts that Linux has had.
 */
#include "sys_internal.h"

#define VERSION_1 0x19980330u /* 32 capabilities */
#define VERSION_2 0x20071026u /* 64: two data structures */
#define VERSION_3 0x20080522u /* the same as 2 */

struct cap_header {
	uint32_t version;
	int32_t pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};

/* The number of data structures; -EINVAL after telling the program which version to use. */
static int read_header(user_ptr_t address, struct cap_header *header)
{
	const uint32_t preferred = VERSION_3;

	if (user_read(header, address))
		return -EFAULT;
	if (header->version == VERSION_1)
		return 1;
	if (header->version == VERSION_2 || header->version == VERSION_3)
		return 2;
	if (user_write(address, &preferred))
		return -EFAULT;
	return -EINVAL;
}

static void split(const struct credentials *cred, struct cap_data data[2])
{
	for (unsigned i = 0; i < 2; i++)
		data[i] = (struct cap_data){
			(uint32_t)(cred->cap_effective >> (32 * i)),
			(uint32_t)(cred->cap_permitted >> (32 * i)),
			(uint32_t)(cred->cap_inheritable >> (32 * i)),
		};
}

SYSCALL(capget, user_ptr_t header, user_ptr_t data)
{
	struct process *process;
	struct cap_header head;
	struct cap_data sets[2];
	int count = read_header(header, &head);

	/* Without data it only asks for the version. */
	if (count < 0)
		return count == -EINVAL && !data ? 0 : count;
	if (head.pid < 0)
		return -EINVAL;
	process = process_find(head.pid ? head.pid : process_current()->pid);
	if (!process)
		return -ESRCH;
	split(&process->cred, sets);
	process_put(process);
	if (data && user_copy_out(data, sets, (size_t)count * sizeof(sets[0])))
		return -EFAULT;
	return 0;
}

/*
 * A process may give up what it has, and make effective what it is permitted; CAP_SETPCAP may inherit from the
 * bounding set.
 */
static bool may_set(const struct credentials *cred, uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	uint64_t may_inherit = cred->cap_inheritable | cred->cap_permitted;

	if (process_capable(CAP_SETPCAP))
		may_inherit = cred->cap_inheritable | cred->cap_bounding;
	return !(permitted & ~cred->cap_permitted) && !(effective & ~permitted) && !(inheritable & ~may_inherit);
}

SYSCALL(capset, user_ptr_t header, user_ptr_t data)
{
	struct credentials *cred = &process_current()->cred;
	struct cap_header head;
	struct cap_data sets[2] = { { 0 } };
	uint64_t effective, permitted, inheritable;
	int count = read_header(header, &head);

	if (count < 0)
		return count;
	if (head.pid && head.pid != process_current()->pid)
		return -EPERM;
	if (user_copy_in(sets, data, (size_t)count * sizeof(sets[0])))
		return -EFAULT;
	effective = (sets[0].effective | (uint64_t)sets[1].effective << 32) & CAP_ALL;
	permitted = (sets[0].permitted | (uint64_t)sets[1].permitted << 32) & CAP_ALL;
	inheritable = (sets[0].inheritable | (uint64_t)sets[1].inheritable << 32) & CAP_ALL;
	if (!may_set(cred, effective, permitted, inheritable))
		return -EPERM;
	cred->cap_effective = effective;
	cred->cap_permitted = permitted;
	cred->cap_inheritable = inheritable;
	return 0;
}
