/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that walk the regions of a range, step over holes and tell of them at the end: madvise, msync. And mincore,
 * which stops at the first.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/string.h>
#include "aspace_internal.h"

/* Does something to the part [start, end) of a region; not 0 ends the walk. */
typedef long walk_t(struct aspace *as, struct region *region, uint64_t start, uint64_t end, int argument);

static long walk(struct aspace *as, uint64_t start, uint64_t end, walk_t *visit, int argument)
{
	long err, hole = 0;

	while (start < end) {
		struct region *region = region_at_or_above(as, start);
		uint64_t part_end;

		if (!region || region->start > start)
			hole = -ENOMEM;
		if (!region || region->start >= end)
			break;
		start = max(start, region->start);
		part_end = min(end, region->end);
		err = visit(as, region, start, part_end, argument);
		if (err)
			return err;
		start = part_end;
	}
	return hole;
}

static bool is_known(int advice)
{
	return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
	       (advice >= MADV_FREE && advice <= MADV_DONTNEED_LOCKED);
}

static long advise_dontneed(struct aspace *as, struct region *region, uint64_t start, uint64_t end, bool even_locked)
{
	if (region->locked && !even_locked)
		return -EINVAL;
	/* Those of a file stay in it. */
	pages_drop(as, start, end);
	return 0;
}

static int check_remove(const struct region *region)
{
	if (region->locked || !region_is_shared(region))
		return -EINVAL;
	if ((region->file->flags & O_ACCMODE) != O_RDWR)
		return -EACCES;
	return region->file->ops->allocate ? 0 : -EOPNOTSUPP;
}

/* Punches the part of [*start, end) in the next region out of its file, without as->lock; *start moves behind it. */
static long remove_part(struct aspace *as, uint64_t *start, uint64_t end, bool *hole)
{
	struct file *file = NULL;
	uint64_t offset = 0, len = 0;
	struct region *region;
	long err = 0;

	mutex_lock(&as->lock);
	region = region_at_or_above(as, *start);
	*hole = *hole || !region || region->start > *start;
	if (region && region->start < end) {
		*start = max(*start, region->start);
		len = min(region->end, end) - *start;
		err = check_remove(region);
	}
	if (len && !err) {
		file = file_get(region->file);
		offset = (uint64_t)region->offset + (*start - region->start);
	}
	mutex_unlock(&as->lock);
	*start = len ? *start + len : end;
	if (!file)
		return err;
	err = file->ops->allocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len);
	file_put(file);
	return err;
}

static long remove_range(struct aspace *as, uint64_t start, uint64_t end)
{
	bool hole = false;
	long err = 0;

	while (start < end && !err)
		err = remove_part(as, &start, end, &hole);
	return err ? err : hole ? -ENOMEM : 0;
}

/* Unlike other advice it goes no further than the first hole, and does not take "may be read" from other rights. */
static long populate(struct aspace *as, uint64_t start, uint64_t end, bool write)
{
	unsigned prot = write ? PROT_WRITE : PROT_READ;
	int err = 0;

	for (; start < end && !err; start += PAGE_SIZE) {
		struct region *region;

		mutex_lock(&as->lock);
		region = region_at(as, start);
		err = !region ? -ENOMEM : !(region->prot & prot) ? -EINVAL : 0;
		mutex_unlock(&as->lock);
		if (!err)
			err = aspace_populate(as, start, start + PAGE_SIZE,
					      write ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ);
	}
	return err;
}

/* Advice that changes nothing now: it is kept with the region, which may become a region of its own for it. */
static const struct advice_bits {
	int advice;
	unsigned clear, set;
} advice_bits[] = {
	{ MADV_NORMAL, REGION_RANDOM | REGION_SEQUENTIAL, 0 },
	{ MADV_RANDOM, REGION_SEQUENTIAL, REGION_RANDOM },
	{ MADV_SEQUENTIAL, REGION_RANDOM, REGION_SEQUENTIAL },
	{ MADV_DONTFORK, 0, REGION_DONTFORK },
	{ MADV_DOFORK, REGION_DONTFORK, 0 },
	{ MADV_MERGEABLE, 0, REGION_MERGEABLE },
	{ MADV_UNMERGEABLE, REGION_MERGEABLE, 0 },
	{ MADV_HUGEPAGE, REGION_NOHUGEPAGE, REGION_HUGEPAGE },
	{ MADV_NOHUGEPAGE, REGION_HUGEPAGE, REGION_NOHUGEPAGE },
	{ MADV_DONTDUMP, 0, REGION_DONTDUMP },
	{ MADV_DODUMP, REGION_DONTDUMP, 0 },
	{ MADV_WIPEONFORK, 0, REGION_WIPEONFORK },
	{ MADV_KEEPONFORK, REGION_WIPEONFORK, 0 },
};

static long set_advice(struct aspace *as, struct region *region, uint64_t start, uint64_t end, unsigned advice)
{
	long err;

	if (region->advice == advice)
		return 0;
	err = region_split(as, start);
	if (!err)
		err = region_split(as, end);
	region = region_at(as, start);
	if (!err)
		region->advice = advice;
	region_merge(as, region);
	return err == -ENOMEM ? -EAGAIN : err; /* -ENOMEM is for holes */
}

static long advise_later(struct aspace *as, struct region *region, uint64_t start, uint64_t end, int advice)
{
	/* Only private anonymous memory is ever looked at for equal pages. */
	if (advice == MADV_MERGEABLE && (region->file || region_is_shared(region)))
		return 0;
	for (size_t i = 0; i < array_size(advice_bits); i++) {
		const struct advice_bits *bits = &advice_bits[i];

		if (bits->advice == advice)
			return set_advice(as, region, start, end, (region->advice & ~bits->clear) | bits->set);
	}
	return 0;
}

static long advise(struct aspace *as, struct region *region, uint64_t start, uint64_t end, int advice)
{
	bool private_anonymous = !region->file && !region_is_shared(region);

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return advise_dontneed(as, region, start, end, advice == MADV_DONTNEED_LOCKED);
	case MADV_FREE:
		return private_anonymous && !region->locked ? 0 : -EINVAL;
	case MADV_WIPEONFORK:
		if (!private_anonymous)
			return -EINVAL;
		break;
	case MADV_COLD:
	case MADV_PAGEOUT:
		return region->locked ? -EINVAL : 0;
	}
	return advise_later(as, region, start, end, advice);
}

long aspace_madvise(struct aspace *as, uint64_t addr, uint64_t len, int advice)
{
	uint64_t pages_len = align_up(len, PAGE_SIZE);
	long err;

	if (!is_known(advice) || !is_aligned(addr, PAGE_SIZE) || (len && !pages_len) || addr + pages_len < addr)
		return -EINVAL;
	if (!pages_len)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return populate(as, addr, addr + pages_len, advice == MADV_POPULATE_WRITE);
	if (advice == MADV_REMOVE)
		return remove_range(as, addr, addr + pages_len);
	mutex_lock(&as->lock);
	err = walk(as, addr, addr + pages_len, advise, advice);
	mutex_unlock(&as->lock);
	return err;
}

static long sync_part(struct aspace *as UNUSED, struct region *region, uint64_t start UNUSED, uint64_t end UNUSED,
		      int flags)
{
	if ((flags & MS_INVALIDATE) && region->locked)
		return -EBUSY;
	if ((flags & MS_SYNC) && region->file && region_is_shared(region) && region->file->ops->sync)
		return region->file->ops->sync(region->file, false);
	return 0;
}

long aspace_msync(struct aspace *as, uint64_t addr, uint64_t len, int flags)
{
	uint64_t end = addr + align_up(len, PAGE_SIZE);
	long err;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || !is_aligned(addr, PAGE_SIZE))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	mutex_lock(&as->lock);
	err = walk(as, addr, end, sync_part, flags);
	mutex_unlock(&as->lock);
	return err;
}

/* Which pages of [start, end) are there, up to the first hole; how many bytes of vec were set. */
static size_t presence(struct aspace *as, uint64_t start, uint64_t end, uint8_t *vec)
{
	size_t n = 0;

	mutex_lock(&as->lock);
	for (; start < end && region_at(as, start); start += PAGE_SIZE)
		vec[n++] = arch_pagetable_lookup(&as->tables, start, NULL, NULL) == 0;
	mutex_unlock(&as->lock);
	return n;
}

long aspace_mincore(struct aspace *as, uint64_t addr, uint64_t len, user_ptr_t vec)
{
	uint64_t end = addr + align_up(len, PAGE_SIZE);
	uint8_t part[256];

	if (!is_aligned(addr, PAGE_SIZE))
		return -EINVAL;
	if (end < addr || end > USER_END)
		return -ENOMEM;
	if (!user_ok(vec, (end - addr) >> PAGE_SHIFT))
		return -EFAULT;
	while (addr < end) {
		uint64_t part_end = min(end, addr + sizeof(part) * PAGE_SIZE);
		size_t n = presence(as, addr, part_end, part);

		/* Without the lock: the write may have to make a page. */
		if (user_copy_out(vec, part, n))
			return -EFAULT;
		vec += n;
		addr += n * PAGE_SIZE;
		if (addr < part_end)
			return -ENOMEM;
	}
	return 0;
}
