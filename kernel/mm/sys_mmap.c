/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls about mappings: what is about descriptors and flag words; the rest is aspace_*().
 */
#include <kernel/aspace.h>
#include <kernel/abi/mman.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/syscall.h>

/* There are no huge pages: a known size has none free, an unknown one does not exist. */
static long huge_error(unsigned flags)
{
	unsigned size_log2 = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	return size_log2 == 0 || size_log2 == 21 || size_log2 == 30 ? -ENOMEM : -EINVAL;
}

static long mmap_file(uint64_t addr, size_t len, unsigned prot, unsigned flags, int fd, off_t offset)
{
	struct file *file = fd_get(fd);
	long result;

	if (!file)
		return -EBADF;
	result = flags & MAP_HUGETLB ? -EINVAL : aspace_mmap(aspace_current(), addr, len, prot, flags, file, offset);
	file_put(file);
	return result;
}

SYSCALL(mmap, uint64_t addr, size_t len, unsigned prot, unsigned flags, int fd, off_t offset)
{
	if (!is_aligned(offset, PAGE_SIZE))
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS))
		return mmap_file(addr, len, prot, flags, fd, offset);
	if (flags & MAP_HUGETLB)
		return huge_error(flags);
	return aspace_mmap(aspace_current(), addr, len, prot, flags, NULL, offset);
}

SYSCALL(remap_file_pages, uint64_t addr, size_t len, unsigned prot, uint64_t index, unsigned flags)
{
	return prot ? -EINVAL : aspace_remap_pages(aspace_current(), addr, len, index, flags);
}

SYSCALL(munmap, uint64_t addr, size_t len)
{
	return aspace_munmap(aspace_current(), addr, len);
}

SYSCALL(mprotect, uint64_t addr, size_t len, unsigned prot)
{
	return aspace_mprotect(aspace_current(), addr, len, prot);
}

SYSCALL(mremap, uint64_t addr, size_t old_len, size_t new_len, unsigned flags, uint64_t new_addr)
{
	return aspace_mremap(aspace_current(), addr, old_len, new_len, flags, new_addr);
}

SYSCALL(madvise, uint64_t addr, size_t len, int advice)
{
	return aspace_madvise(aspace_current(), addr, len, advice);
}

SYSCALL(mincore, uint64_t addr, size_t len, user_ptr_t vec)
{
	return aspace_mincore(aspace_current(), addr, len, vec);
}

SYSCALL(msync, uint64_t addr, size_t len, int flags)
{
	return aspace_msync(aspace_current(), addr, len, flags);
}

SYSCALL(brk, uint64_t brk)
{
	return (long)aspace_brk(aspace_current(), brk);
}
