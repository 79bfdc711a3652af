/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared memory.
 */
#include "ipc_test.h"

#include <kernel/abi/mman.h>
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>

#define KEY 99
#define STATE 512 /* offset in SYSTEST_MEM */
#define PLACE UINT64_C(0x30000000) /* nothing is there */
#define SIZE (2 * PAGE_SIZE)

static int make_segment(int key, size_t size, unsigned mode)
{
	return (int)sys(SYS_shmget, (uint64_t)key, size, IPC_CREAT | mode);
}

static long attach(int id, uint64_t address, int flags)
{
	return sys(SYS_shmat, (uint64_t)id, address, (uint64_t)flags);
}

static struct abi_shmid_ds state_of(int id)
{
	struct abi_shmid_ds state = { .nattch = 77 };

	if (!sys(SYS_shmctl, (uint64_t)id, IPC_STAT, SYSTEST_MEM + STATE))
		systest_read(SYSTEST_MEM + STATE, &state);
	return state;
}

static uint8_t byte_at(long address)
{
	uint8_t byte = 0xff;

	return user_read(&byte, (user_ptr_t)address) ? 0xee : byte;
}

static int put_byte(long address, uint8_t byte)
{
	return user_write((user_ptr_t)address, &byte);
}

SYSTEST(shmget_makes_and_finds)
{
	int id = make_segment(KEY, 100, 0600);

	CHECK_EQ(sys(SYS_shmget, KEY, 0, 0), id);
	CHECK_EQ(sys(SYS_shmget, KEY, 100, IPC_CREAT), id);
	CHECK_ERR(sys(SYS_shmget, KEY, 101, 0), EINVAL);
	CHECK_ERR(sys(SYS_shmget, KEY, 1, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_ERR(sys(SYS_shmget, KEY + 1, 1, 0), ENOENT);
	CHECK_ERR(sys(SYS_shmget, KEY + 1, 0, IPC_CREAT), EINVAL);
	CHECK_ERR(sys(SYS_shmget, KEY + 1, UINT64_MAX, IPC_CREAT), EINVAL);
	CHECK_ERR(sys(SYS_shmget, KEY + 1, 4096, IPC_CREAT | SHM_HUGETLB), ENOMEM);
	CHECK_EQ(state_of(id).segsz, 100);
	CHECK_EQ(state_of(id).cpid, process_current()->pid);
	CHECK_EQ(sys(SYS_shmctl, id, IPC_RMID), 0);
	CHECK_ERR(sys(SYS_shmctl, id, IPC_RMID), EINVAL);
	CHECK_ERR(sys(SYS_shmget, KEY, 1, 0), ENOENT);
}

SYSTEST(shmget_ends_with_the_room)
{
	int large = make_segment(IPC_PRIVATE, UINT64_C(4) << 30, 0600);
	long result = 0;

	CHECK(large >= 0);
	CHECK_ERR(sys(SYS_shmget, IPC_PRIVATE, 1, 0), ENOSPC);
	CHECK_EQ(sys(SYS_shmctl, large, IPC_RMID), 0);
	for (int i = 0; i < 200 && result >= 0; i++)
		result = sys(SYS_shmget, IPC_PRIVATE, 1, 0);
	CHECK_ERR(result, ENOSPC);
}

SYSTEST(attachments_show_the_same_memory)
{
	int id = make_segment(IPC_PRIVATE, SIZE, 0600);
	long here = attach(id, 0, 0), there = attach(id, PLACE, 0), readable = attach(id, 0, SHM_RDONLY);

	CHECK(here > 0 && there == (long)PLACE && readable > 0);
	CHECK_EQ(byte_at(here), 0);
	CHECK_EQ(put_byte(here + (long)PAGE_SIZE, 7), 0);
	CHECK_EQ(byte_at(there + (long)PAGE_SIZE), 7);
	CHECK_EQ(byte_at(readable + (long)PAGE_SIZE), 7);
	CHECK(put_byte(readable, 1) < 0);
	CHECK_ERR(sys(SYS_mprotect, readable, SIZE, PROT_READ | PROT_WRITE), EACCES);
	CHECK_EQ(state_of(id).nattch, 3);
	CHECK(state_of(id).atime && state_of(id).lpid == process_current()->pid && !state_of(id).dtime);
	CHECK_EQ(sys(SYS_shmdt, there), 0);
	CHECK_EQ(byte_at(there), 0xee);
	CHECK_ERR(sys(SYS_shmdt, there), EINVAL);
	CHECK_EQ(sys(SYS_shmdt, here), 0);
	CHECK_EQ(state_of(id).nattch, 1);
	CHECK(state_of(id).dtime);
	/* What was written stays. */
	CHECK_EQ(sys(SYS_shmdt, readable), 0);
	CHECK_EQ(state_of(id).nattch, 0);
	CHECK_EQ(byte_at(attach(id, 0, 0) + (long)PAGE_SIZE), 7);
}

SYSTEST(shmat_goes_where_it_is_told)
{
	int id = make_segment(IPC_PRIVATE, SIZE, 0700);

	CHECK_EQ(attach(id, PLACE + 5, SHM_RND), PLACE);
	CHECK_ERR(attach(id, PLACE + 5, 0), EINVAL);
	CHECK_ERR(attach(id, PLACE + PAGE_SIZE, 0), EINVAL);
	CHECK_EQ(attach(id, PLACE + PAGE_SIZE, SHM_REMAP | SHM_EXEC), PLACE + PAGE_SIZE);
	CHECK_EQ(state_of(id).nattch, 2);
	CHECK_ERR(attach(id, 0, SHM_REMAP), EINVAL);
	CHECK_ERR(attach(id, 5, SHM_RND | SHM_REMAP), EINVAL);
	CHECK_ERR(attach(id, 5, SHM_RND), EPERM);
	CHECK_ERR(attach(id, USER_END, 0), ENOMEM);
	CHECK_ERR(attach(id + 1, 0, 0), EINVAL);
	CHECK_ERR(attach(-1, 0, 0), EINVAL);
	CHECK_EQ(state_of(id).nattch, 2);
	CHECK_ERR(sys(SYS_shmdt, PLACE + 1), EINVAL);
	CHECK_ERR(sys(SYS_shmdt, SYSTEST_MEM), EINVAL);
	/* One page is left of the first one. */
	CHECK_EQ(sys(SYS_shmdt, PLACE), 0);
	CHECK_EQ(byte_at((long)PLACE), 0xee);
	CHECK_EQ(byte_at((long)(PLACE + PAGE_SIZE)), 0);
}

SYSTEST(shmdt_takes_all_pieces)
{
	int id = make_segment(IPC_PRIVATE, 4 * PAGE_SIZE, 0600);

	CHECK_EQ(attach(id, PLACE, 0), PLACE);
	CHECK_EQ(sys(SYS_mprotect, PLACE + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(state_of(id).nattch, 3);
	CHECK_EQ(sys(SYS_munmap, PLACE, PAGE_SIZE), 0);
	CHECK_EQ(state_of(id).nattch, 2);
	CHECK_EQ(sys(SYS_shmdt, PLACE), 0);
	CHECK_EQ(state_of(id).nattch, 0);
	CHECK_EQ(byte_at((long)(PLACE + 2 * PAGE_SIZE)), 0xee);
}

SYSTEST(removed_segments_live_as_long_as_they_are_attached)
{
	int id = make_segment(KEY, SIZE, 0600);

	CHECK_EQ(attach(id, PLACE, 0), PLACE);
	CHECK_EQ(put_byte((long)PLACE, 5), 0);
	CHECK_EQ(sys(SYS_shmctl, id, IPC_RMID), 0);
	CHECK_ERR(sys(SYS_shmget, KEY, 0, 0), ENOENT);
	CHECK_EQ(state_of(id).perm.mode, 0600 | SHM_DEST);
	CHECK_EQ(attach(id, PLACE + MIB, 0), PLACE + MIB);
	CHECK_EQ(sys(SYS_shmctl, id, IPC_RMID), 0);
	CHECK_EQ(sys(SYS_shmdt, PLACE), 0);
	CHECK_EQ(byte_at((long)(PLACE + MIB)), 5);
	CHECK_EQ(sys(SYS_munmap, PLACE + MIB, SIZE), 0);
	CHECK_ERR(sys(SYS_shmctl, id, IPC_STAT, SYSTEST_MEM), EINVAL);
}

/* A copy of the memory is attached, too, until it goes. */
SYSTEST(forks_are_attached)
{
	struct aspace *copy;
	int id = make_segment(IPC_PRIVATE, SIZE, 0600);

	CHECK_EQ(attach(id, PLACE, 0), PLACE);
	if (!IS_ENABLED(CONFIG_FORK))
		return;
	CHECK_EQ(aspace_fork(aspace_current(), &copy), 0);
	CHECK_EQ(state_of(id).nattch, 2);
	CHECK_EQ(sys(SYS_shmctl, id, IPC_RMID), 0);
	CHECK_EQ(sys(SYS_shmdt, PLACE), 0);
	CHECK_EQ(state_of(id).nattch, 1);
	aspace_put(copy);
	CHECK_ERR(sys(SYS_shmctl, id, IPC_STAT, SYSTEST_MEM), EINVAL);
}

SYSTEST(shmctl_tells_limits_and_usage)
{
	int id = make_segment(KEY, 5000, 0640);
	struct abi_shminfo limits;
	struct abi_shm_info usage;

	CHECK_EQ(sys(SYS_shmctl, 0, IPC_INFO, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &limits);
	CHECK(limits.max == UINT64_C(4) << 30 && limits.min == 1 && limits.mni == 128);
	CHECK_EQ(put_byte(attach(id, PLACE, 0), 1), 0);
	CHECK_EQ(sys(SYS_shmctl, 0, SHM_INFO, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &usage);
	CHECK(usage.used_ids == 1 && usage.tot == 2 && usage.rss == 1 && !usage.swp);
	CHECK_EQ(sys(SYS_shmctl, 0, SHM_STAT, SYSTEST_MEM), id);
	CHECK_EQ(sys(SYS_shmctl, 0, SHM_STAT_ANY, SYSTEST_MEM), id);
	CHECK_ERR(sys(SYS_shmctl, 7, SHM_STAT, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_shmctl, 0, IPC_INFO, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_shmctl, 0, SHM_INFO, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_shmctl, id, IPC_STAT, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_shmctl, id, IPC_SET, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_shmctl, -1, IPC_STAT, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_shmctl, id, 99), EINVAL);
}

SYSTEST(shmctl_changes_owner_and_mode)
{
	struct abi_shmid_ds state = { .perm = { .uid = 1000, .gid = 8, .mode = 07604 } };
	int id = make_segment(KEY, SIZE, 0600);

	CHECK_EQ(sys(SYS_shmctl, id, SHM_LOCK), 0);
	CHECK_EQ(sys(SYS_shmctl, id, IPC_SET, systest_value(STATE, &state)), 0);
	state = state_of(id);
	CHECK(state.perm.uid == 1000 && state.perm.gid == 8 && state.perm.mode == (0604 | SHM_LOCKED));
	state.perm.gid = UINT32_MAX;
	CHECK_ERR(sys(SYS_shmctl, id, IPC_SET, systest_value(STATE, &state)), EINVAL);
	CHECK_ERR(sys(SYS_shmctl, id + 1, IPC_SET, systest_value(STATE, &state)), EINVAL);
	CHECK_ERR(sys(SYS_shmctl, id + 1, SHM_LOCK), EINVAL);
	systest_become(1000);
	CHECK_EQ(sys(SYS_shmctl, id, SHM_UNLOCK), 0);
	CHECK_EQ(state_of(id).perm.mode, 0604);
	CHECK_EQ(sys(SYS_shmctl, id, IPC_RMID), 0);
}

SYSTEST(segments_are_closed_to_others)
{
	const struct abi_shmid_ds state = { .perm = { .uid = 1000 } };
	int closed = make_segment(KEY, SIZE, 0600), readable = make_segment(KEY + 1, SIZE, 0604);

	systest_become(1000);
	CHECK_ERR(sys(SYS_shmget, KEY, SIZE, 0600), EACCES);
	CHECK_ERR(sys(SYS_shmget, KEY + 2, SIZE, IPC_CREAT | SHM_HUGETLB), EPERM);
	CHECK_ERR(attach(closed, 0, SHM_RDONLY), EACCES);
	CHECK_ERR(attach(readable, 0, 0), EACCES);
	CHECK_ERR(attach(readable, 0, SHM_RDONLY | SHM_EXEC), EACCES);
	CHECK(attach(readable, 0, SHM_RDONLY) > 0);
	CHECK_ERR(sys(SYS_shmctl, closed, IPC_STAT, SYSTEST_MEM), EACCES);
	CHECK_EQ(sys(SYS_shmctl, 0, SHM_STAT_ANY, SYSTEST_MEM), closed);
	CHECK_ERR(sys(SYS_shmctl, readable, IPC_SET, systest_value(STATE, &state)), EPERM);
	CHECK_ERR(sys(SYS_shmctl, readable, IPC_RMID), EPERM);
	CHECK_ERR(sys(SYS_shmctl, readable, SHM_LOCK), EPERM);
}

SYSTEST(attachments_count_as_locked_memory)
{
	const struct abi_rlimit limit = { PAGE_SIZE, PAGE_SIZE };
	int id;

	systest_become(1000);
	id = make_segment(IPC_PRIVATE, SIZE, 0600);
	CHECK_EQ(sys(SYS_setrlimit, RLIMIT_MEMLOCK, systest_value(0, &limit)), 0);
	CHECK_EQ(sys(SYS_mlockall, MCL_FUTURE), 0);
	CHECK_ERR(attach(id, 0, 0), EAGAIN);
	CHECK_EQ(state_of(id).nattch, 0);
}

SYSTEST(shared_memory_needs_memory)
{
	int id = make_segment(IPC_PRIVATE, SIZE, 0600);
	long made, attached;

	systest_starve();
	made = sys(SYS_shmget, IPC_PRIVATE, 1, 0);
	attached = attach(id, 0, 0);
	systest_feed();
	CHECK_ERR(made, ENOMEM);
	CHECK_ERR(attached, ENOMEM);
	CHECK_EQ(state_of(id).nattch, 0);
}
