/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory system calls, through the dispatcher: one success and each errno that they document.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mman.h>
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>
#include <kernel/process.h>
#include <kernel/systest.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define AT UINT64_C(0x20000000)
#define NOWHERE UINT64_C(0x30000000)

static long map_at(uint64_t addr, unsigned pages)
{
	return sys(SYS_mmap, addr, pages * PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
}

SYSTEST(sys_mmap_maps)
{
	uint8_t byte = 9;
	long at = sys(SYS_mmap, 0, 100, RW, ANON, -1, 0);

	CHECK(at > 0);
	CHECK_EQ(user_copy_out((uint64_t)at + 4095, &byte, 1), 0);
	CHECK_MEM((uint64_t)at + 4094, "\0\x09", 2);
	CHECK_EQ(sys(SYS_munmap, at, 100), 0);
	CHECK_EQ(user_copy_out((uint64_t)at, &byte, 1), -EFAULT);
}

SYSTEST(sys_mmap_errors)
{
	CHECK_ERR(sys(SYS_mmap, 0, 0, RW, ANON, -1, 0), EINVAL);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, ANON, -1, 1), EINVAL);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	CHECK_ERR(sys(SYS_mmap, 0, -1, RW, ANON, -1, 0), ENOMEM);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, MAP_PRIVATE, 99, 0), EBADF);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, MAP_PRIVATE | MAP_HUGETLB, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, ANON | MAP_HUGETLB, -1, 0), ENOMEM);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, ANON | MAP_HUGETLB | 5u << MAP_HUGE_SHIFT, -1, 0), EINVAL);
	CHECK_ERR(sys(SYS_mmap, 0x1000, 1, RW, ANON | MAP_FIXED, -1, 0), EPERM);
	CHECK_ERR(sys(SYS_mmap, SYSTEST_MEM, 1, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	/* The console cannot be mapped. */
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, MAP_PRIVATE, 0, 0), ENODEV);
}

SYSTEST(sys_mmap_keeps_to_limits)
{
	struct process *process = process_current();
	struct aspace *as = process->aspace;
	uint64_t room = 8 * PAGE_SIZE;

	process->rlimits[RLIMIT_AS].current = as->pages_total * PAGE_SIZE + room;
	CHECK_ERR(sys(SYS_mmap, 0, room + 1, RW, ANON, -1, 0), ENOMEM);
	CHECK_EQ(map_at(AT, 8), AT);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, ANON, -1, 0), ENOMEM);
	/* What is replaced makes room. */
	CHECK_EQ(map_at(AT, 8), AT);
	CHECK_ERR(sys(SYS_mremap, AT, PAGE_SIZE * 8, PAGE_SIZE * 9, 0, 0), ENOMEM);
}

SYSTEST(sys_munmap_errors)
{
	CHECK_ERR(sys(SYS_munmap, SYSTEST_MEM + 1, PAGE_SIZE), EINVAL);
	CHECK_ERR(sys(SYS_munmap, SYSTEST_MEM, 0), EINVAL);
	CHECK_ERR(sys(SYS_munmap, SYSTEST_KERNEL, PAGE_SIZE), EINVAL);
	CHECK_EQ(sys(SYS_munmap, NOWHERE, PAGE_SIZE), 0);
}

SYSTEST(sys_mmap_of_files_fails)
{
	long memfd = sys(SYS_memfd_create, systest_string(0, "m"), 0);
	long read_only = sys(SYS_open, systest_string(0, "/proc-less"), O_RDONLY | O_CREAT, 0600);
	long write_only = sys(SYS_open, SYSTEST_MEM, O_WRONLY);

	CHECK(memfd >= 0 && read_only >= 0 && write_only >= 0);
	CHECK_EQ(sys(SYS_unlink, SYSTEST_MEM), 0);
	CHECK_ERR(sys(SYS_mmap, 0, 1, PROT_READ, MAP_PRIVATE, write_only, 0), EACCES);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, MAP_SHARED, read_only, 0), EACCES);
	CHECK_ERR(sys(SYS_mmap, 0, 1, PROT_READ, MAP_SHARED, memfd, INT64_MIN), EOVERFLOW);
	CHECK_EQ(sys(SYS_mmap, AT, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, read_only, 0), AT);
	CHECK_ERR(sys(SYS_mprotect, AT, PAGE_SIZE, RW), EACCES);
	CHECK_ERR(sys(SYS_madvise, AT, PAGE_SIZE, MADV_REMOVE), EACCES);
	/* There is no page behind the end of the file. */
	CHECK_ERR(sys(SYS_madvise, AT, PAGE_SIZE, MADV_POPULATE_READ), EFAULT);
}

/* What a mapping shows is turned round, page by page. */
SYSTEST(remap_file_pages_turns_pages)
{
	long fd = sys(SYS_memfd_create, systest_string(0, "m"), 0);

	CHECK_EQ(sys(SYS_ftruncate, fd, 4 * PAGE_SIZE), 0);
	CHECK_EQ(sys(SYS_mmap, AT, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0), AT);
	for (uint64_t i = 0; i < 4; i++)
		CHECK_EQ(user_write(AT + i * PAGE_SIZE, &i), 0);
	CHECK_EQ(sys(SYS_remap_file_pages, AT + 5, 2 * PAGE_SIZE + 7, 0, 2, MAP_NONBLOCK), 0);
	CHECK_EQ(sys(SYS_remap_file_pages, AT + 2 * PAGE_SIZE, PAGE_SIZE, 0, 1, 0), 0);
	for (uint64_t i = 0; i < 4; i++)
		CHECK_MEM(AT + i * PAGE_SIZE, (&(const uint64_t[]){ 2, 3, 1, 3 }[i]), sizeof(uint64_t));
	/* Past the end of the file is allowed, and has no pages. */
	CHECK_EQ(sys(SYS_remap_file_pages, AT, PAGE_SIZE, 0, 100, 0), 0);
	CHECK(!systest_equal(AT, (const uint64_t[]){ 0 }, sizeof(uint64_t)));
}

SYSTEST(remap_file_pages_refuses)
{
	long fd = sys(SYS_memfd_create, systest_string(0, "m"), 0);

	CHECK_EQ(sys(SYS_ftruncate, fd, 2 * PAGE_SIZE), 0);
	CHECK_EQ(sys(SYS_mmap, AT, 2 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0), AT);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, PAGE_SIZE, PROT_READ, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, PAGE_SIZE - 1, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, -PAGE_SIZE, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, PAGE_SIZE, 0, -1, 0), EINVAL);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, 3 * PAGE_SIZE, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_remap_file_pages, SYSTEST_MEM, PAGE_SIZE, 0, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_remap_file_pages, SYSTEST_BAD, PAGE_SIZE, 0, 0, 0), EINVAL);
	/* Two files are not one. */
	CHECK_EQ(sys(SYS_mmap, AT + PAGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		 AT + PAGE_SIZE);
	CHECK_ERR(sys(SYS_remap_file_pages, AT, 2 * PAGE_SIZE, 0, 0, 0), EINVAL);
}

SYSTEST(remap_file_pages_needs_memory)
{
	long fd = sys(SYS_memfd_create, systest_string(0, "m"), 0), err;

	CHECK_EQ(sys(SYS_mmap, AT, 3 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0), AT);
	systest_starve();
	err = sys(SYS_remap_file_pages, AT + PAGE_SIZE, PAGE_SIZE, 0, 0, 0);
	systest_feed();
	CHECK_ERR(err, ENOMEM);
}

/* Why a page cannot be had: programs are told by different signals. */
SYSTEST(faults_have_reasons)
{
	long fd = sys(SYS_memfd_create, systest_string(0, "m"), 0);

	CHECK_EQ(sys(SYS_mmap, AT, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0), AT);
	CHECK_EQ(aspace_handle_fault(AT, ASPACE_ACCESS_READ), -ENXIO);
	CHECK_EQ(aspace_handle_fault(AT, ASPACE_ACCESS_WRITE), -EACCES);
	CHECK_EQ(aspace_handle_fault(AT + PAGE_SIZE, ASPACE_ACCESS_READ), -EFAULT);
	CHECK_EQ(sys(SYS_ftruncate, fd, 1), 0);
	CHECK_EQ(aspace_handle_fault(AT, ASPACE_ACCESS_READ), 0);
}

SYSTEST(sys_memory_calls_need_memory)
{
	long unmapped, locked, locked_later, advised;

	CHECK_EQ(map_at(AT, 3), AT);
	CHECK_EQ(map_at(NOWHERE, 1), NOWHERE);
	systest_starve();
	unmapped = sys(SYS_munmap, AT + PAGE_SIZE, PAGE_SIZE);
	locked = sys(SYS_mlock, NOWHERE, PAGE_SIZE);
	locked_later = sys(SYS_mlock2, NOWHERE, PAGE_SIZE, 0);
	advised = sys(SYS_madvise, AT + PAGE_SIZE, PAGE_SIZE, MADV_DONTFORK);
	systest_feed();
	CHECK_ERR(unmapped, ENOMEM);
	CHECK_ERR(advised, EAGAIN);
	CHECK_ERR(locked, EAGAIN);
	CHECK_ERR(locked_later, EAGAIN);
}

SYSTEST(sys_mprotect_changes_and_fails)
{
	uint8_t byte = 1;

	CHECK_EQ(map_at(AT, 2), AT);
	CHECK_EQ(sys(SYS_mprotect, AT, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(user_copy_out(AT, &byte, 1), -EFAULT);
	CHECK_EQ(user_copy_out(AT + PAGE_SIZE, &byte, 1), 0);
	CHECK_ERR(sys(SYS_mprotect, AT + 1, PAGE_SIZE, PROT_READ), EINVAL);
	CHECK_ERR(sys(SYS_mprotect, AT, PAGE_SIZE, 0x40), EINVAL);
	CHECK_ERR(sys(SYS_mprotect, AT, 3 * PAGE_SIZE, PROT_READ), ENOMEM);
	CHECK_ERR(sys(SYS_mprotect, NOWHERE, PAGE_SIZE, PROT_READ), ENOMEM);
}

SYSTEST(sys_mremap_moves_and_fails)
{
	uint8_t byte = 77;

	CHECK_EQ(map_at(AT, 2), AT);
	CHECK_EQ(map_at(AT + 2 * PAGE_SIZE, 1), AT + 2 * PAGE_SIZE);
	CHECK_EQ(user_copy_out(AT, &byte, 1), 0);
	CHECK_EQ(sys(SYS_mremap, AT, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, NOWHERE), NOWHERE);
	CHECK_MEM(NOWHERE, &byte, 1);
	CHECK_ERR(sys(SYS_mremap, AT, PAGE_SIZE, PAGE_SIZE, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_mremap, NOWHERE + 1, PAGE_SIZE, PAGE_SIZE, 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_mremap, NOWHERE, PAGE_SIZE, PAGE_SIZE, 16, 0), EINVAL);
	CHECK_ERR(sys(SYS_mremap, NOWHERE, PAGE_SIZE, 9 * PAGE_SIZE, 0, 0), ENOMEM);
	process_current()->cred.euid = 1000;
	process_current()->rlimits[RLIMIT_MEMLOCK].current = 2 * PAGE_SIZE;
	CHECK_EQ(sys(SYS_mlock, NOWHERE, 2 * PAGE_SIZE), 0);
	CHECK_ERR(sys(SYS_mremap, NOWHERE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE, 0), EAGAIN);
}

SYSTEST(sys_madvise_drops_and_fails)
{
	uint8_t byte = 5;

	CHECK_EQ(map_at(AT, 1), AT);
	CHECK_EQ(user_copy_out(AT, &byte, 1), 0);
	CHECK_EQ(sys(SYS_madvise, AT, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_MEM(AT, "", 1);
	CHECK_ERR(sys(SYS_madvise, AT, PAGE_SIZE, 99), EINVAL);
	CHECK_ERR(sys(SYS_madvise, AT + 1, PAGE_SIZE, MADV_NORMAL), EINVAL);
	CHECK_ERR(sys(SYS_madvise, AT, 2 * PAGE_SIZE, MADV_NORMAL), ENOMEM);
}

SYSTEST(sys_mincore_tells_and_fails)
{
	CHECK_EQ(map_at(AT, 2), AT);
	CHECK_EQ(user_zero(AT + PAGE_SIZE, 1), 0);
	CHECK_EQ(sys(SYS_mincore, AT, 2 * PAGE_SIZE, SYSTEST_MEM), 0);
	CHECK_MEM(SYSTEST_MEM, "\0\1", 2);
	CHECK_ERR(sys(SYS_mincore, AT + 1, PAGE_SIZE, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_mincore, AT, 3 * PAGE_SIZE, SYSTEST_MEM), ENOMEM);
	CHECK_ERR(sys(SYS_mincore, AT, PAGE_SIZE, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_mincore, AT, PAGE_SIZE, SYSTEST_KERNEL), EFAULT);
	CHECK_ERR(sys(SYS_mincore, AT, PAGE_SIZE, SYSTEST_READONLY), EFAULT);
}

SYSTEST(sys_msync_succeeds_and_fails)
{
	CHECK_EQ(sys(SYS_msync, SYSTEST_MEM, SYSTEST_MEM_SIZE, MS_SYNC), 0);
	CHECK_ERR(sys(SYS_msync, SYSTEST_MEM + 1, 1, MS_SYNC), EINVAL);
	CHECK_ERR(sys(SYS_msync, SYSTEST_MEM, 1, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERR(sys(SYS_msync, SYSTEST_BAD, 1, MS_SYNC), ENOMEM);
	CHECK_EQ(sys(SYS_mlock, SYSTEST_MEM, 1), 0);
	CHECK_ERR(sys(SYS_msync, SYSTEST_MEM, 1, MS_INVALIDATE), EBUSY);
}

SYSTEST(sys_brk_grows)
{
	uint64_t start;

	aspace_set_brk(aspace_current(), AT);
	start = (uint64_t)sys(SYS_brk, 0);
	CHECK_EQ(start, AT);
	CHECK_EQ(sys(SYS_brk, start + 5000), start + 5000);
	CHECK_EQ(user_zero(start, 2 * PAGE_SIZE), 0);
	CHECK_EQ(user_zero(start + 2 * PAGE_SIZE, 1), -EFAULT);
	process_current()->rlimits[RLIMIT_DATA].current = 3 * PAGE_SIZE;
	CHECK_EQ(sys(SYS_brk, start + 4 * PAGE_SIZE), start + 5000);
	CHECK_EQ(sys(SYS_brk, start), start);
	CHECK_EQ(user_zero(start, 1), -EFAULT);
}

/* A range that no memory could hold is refused without spending what there is on it. */
SYSTEST(sys_mlock_of_more_than_all_memory_takes_none)
{
	const uint64_t len = UINT64_C(1) << 40;
	uint64_t pages = aspace_current()->pages;

	CHECK_EQ(sys(SYS_mmap, AT, len, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0), AT);
	CHECK_ERR(sys(SYS_mlock, AT, len), EAGAIN);
	CHECK_EQ(aspace_current()->pages, pages);
	CHECK_EQ(sys(SYS_munmap, AT, len), 0);
}

SYSTEST(sys_mlock_counts_and_fails)
{
	struct process *process = process_current();

	CHECK_EQ(map_at(AT, 4), AT);
	process->cred.euid = 1000;
	process->rlimits[RLIMIT_MEMLOCK].current = 2 * PAGE_SIZE;
	CHECK_EQ(sys(SYS_mlock, AT, 2 * PAGE_SIZE), 0);
	CHECK_EQ(process->aspace->pages_locked, 2);
	/* What is locked already does not count twice. */
	CHECK_EQ(sys(SYS_mlock, AT, 2 * PAGE_SIZE), 0);
	CHECK_ERR(sys(SYS_mlock, AT, 3 * PAGE_SIZE), ENOMEM);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, ANON | MAP_LOCKED, -1, 0), EAGAIN);
	CHECK_EQ(sys(SYS_munlock, AT, 2 * PAGE_SIZE), 0);
	CHECK_ERR(sys(SYS_munlock, NOWHERE, 1), ENOMEM);
	CHECK_ERR(sys(SYS_munlock, AT, -PAGE_SIZE), EINVAL);
	CHECK_ERR(sys(SYS_mlock, -PAGE_SIZE, 2 * PAGE_SIZE), EINVAL);
	process->rlimits[RLIMIT_MEMLOCK].current = 0;
	CHECK_ERR(sys(SYS_mlock, AT, 1), EPERM);
	CHECK_ERR(sys(SYS_mlock2, AT, 1, 0), EPERM);
	CHECK_ERR(sys(SYS_mmap, 0, 1, RW, ANON | MAP_LOCKED, -1, 0), EPERM);
	CHECK_ERR(sys(SYS_mlockall, MCL_CURRENT), EPERM);
	process->cred.euid = 0;
	CHECK_EQ(sys(SYS_mlock, AT, 4 * PAGE_SIZE), 0);
}

SYSTEST(sys_mlock2_locks_on_fault)
{
	CHECK_EQ(map_at(AT, 2), AT);
	CHECK_EQ(sys(SYS_mlock2, AT, PAGE_SIZE, MLOCK_ONFAULT), 0);
	CHECK_EQ(sys(SYS_mincore, AT, PAGE_SIZE, SYSTEST_MEM), 0);
	CHECK_MEM(SYSTEST_MEM, "\0", 1);
	CHECK_EQ(sys(SYS_mlock2, AT + PAGE_SIZE, PAGE_SIZE, 0), 0);
	CHECK_EQ(sys(SYS_mincore, AT + PAGE_SIZE, PAGE_SIZE, SYSTEST_MEM), 0);
	CHECK_MEM(SYSTEST_MEM, "\1", 1);
	CHECK_ERR(sys(SYS_mlock2, AT, PAGE_SIZE, 2), EINVAL);
	CHECK_ERR(sys(SYS_mlock2, NOWHERE, PAGE_SIZE, 0), ENOMEM);
	CHECK_EQ(sys(SYS_mprotect, AT, PAGE_SIZE, PROT_NONE), 0);
	CHECK_ERR(sys(SYS_mlock, AT, PAGE_SIZE), ENOMEM);
}

SYSTEST(sys_mlockall_locks_all)
{
	struct process *process = process_current();

	CHECK_ERR(sys(SYS_mlockall, 0), EINVAL);
	CHECK_ERR(sys(SYS_mlockall, MCL_ONFAULT), EINVAL);
	CHECK_EQ(sys(SYS_mlockall, MCL_CURRENT | MCL_FUTURE), 0);
	CHECK_EQ(process->aspace->pages_locked, process->aspace->pages_total);
	CHECK_EQ(map_at(AT, 3), AT);
	CHECK_EQ(process->aspace->pages_locked, process->aspace->pages_total);
	CHECK_EQ(sys(SYS_munlockall), 0);
	CHECK_EQ(process->aspace->pages_locked, 0);
	process->cred.euid = 1000;
	process->rlimits[RLIMIT_MEMLOCK].current = PAGE_SIZE;
	CHECK_ERR(sys(SYS_mlockall, MCL_CURRENT), ENOMEM);
}
