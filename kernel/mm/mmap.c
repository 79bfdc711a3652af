/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmap, munmap and brk on an address space. Checks come in Linux's order, so that a call with several faults gets the
 * same error.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/profile.h>
#include "aspace_internal.h"

/* What MAP_SHARED_VALIDATE accepts: the flags that were known before it. */
#define LEGACY_FLAGS                                                                                                   \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE |           \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |                          \
	 MAP_HUGE_MASK << MAP_HUGE_SHIFT)

static int check_file(const struct file *file, uint64_t len, unsigned prot, unsigned flags, uint64_t offset)
{
	unsigned mode = file->flags & O_ACCMODE, type = flags & MAP_TYPE;
	bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;

	if (len > INT64_MAX || offset > INT64_MAX - len)
		return -EOVERFLOW;
	if (!shared && type != MAP_PRIVATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~LEGACY_FLAGS))
		return -EOPNOTSUPP;
	if (mode == O_WRONLY || (shared && (prot & PROT_WRITE) && mode != O_RDWR))
		return -EACCES;
	if (!file->ops->map_page)
		return -ENODEV;
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int check_anonymous(unsigned flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		return flags & MAP_GROWSDOWN ? -EINVAL : 0;
	case MAP_PRIVATE:
		return 0;
	}
	return -EINVAL;
}

static long place(struct aspace *as, uint64_t addr, uint64_t len, unsigned flags)
{
	int err;

	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		return place_find(as, addr, len, flags);
	err = place_check_fixed(addr, len);
	if (err)
		return err;
	if ((flags & MAP_FIXED_NOREPLACE) && !region_is_free(as, addr, addr + len))
		return -EEXIST;
	return (long)addr;
}

/* Pages of regions in [start, end). */
static uint64_t mapped_in(struct aspace *as, uint64_t start, uint64_t end)
{
	struct region *region = region_at_or_above(as, start);
	uint64_t bytes = 0;

	for (; region && region->start < end; region = region_next(as, region))
		bytes += min(region->end, end) - max(region->start, start);
	return bytes;
}

/* Replaces what is in the way. */
static long map_region(struct aspace *as, const struct region *model)
{
	uint64_t len = region_len(model);
	int err;

	err = limit_check_total(as, len - mapped_in(as, model->start, model->end));
	if (!err)
		err = region_remove_range(as, model->start, model->end);
	if (err)
		return err;
	return region_add(as, model) ? (long)model->start : -ENOMEM;
}

/* A file with seals counts the mapping as writable first: from then on none is added that forbids it. */
static long map_file(struct aspace *as, struct region *model)
{
	const struct file_ops *ops = model->file->ops;
	struct region counted;
	long at;

	model->read_only = false;
	if (!region_is_shared(model) || !region_may_be_written(model) || !ops->may_map_writable)
		return map_region(as, model);
	counted = *model;
	region_hold_file(&counted, true);
	model->read_only = ops->may_map_writable(model->file);
	at = model->read_only && (model->prot & PROT_WRITE) ? -EPERM : map_region(as, model);
	region_hold_file(&counted, false);
	return at;
}

static int check_flags(struct aspace *as, uint64_t len, unsigned prot, unsigned flags, const struct file *file,
		       off_t offset)
{
	int err;

	if ((flags & MAP_LOCKED) && limit_may_lock())
		return -EPERM;
	if ((flags & MAP_LOCKED) || as->lock_future) {
		err = limit_check_locked(as, len);
		if (err)
			return err;
	}
	return file ? check_file(file, len, prot, flags, (uint64_t)offset) : check_anonymous(flags);
}

static long mmap_locked(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot, unsigned flags,
			struct file *file, off_t offset)
{
	struct region model = { 0 };
	long at;
	int err;

	if (as->region_count >= ASPACE_REGIONS_MAX)
		return -ENOMEM;
	at = place(as, addr, len, flags);
	if (at < 0)
		return at;
	err = check_flags(as, len, prot, flags, file, offset);
	if (err)
		return err;
	model.start = (uint64_t)at;
	model.end = model.start + len;
	model.prot = prot & PROT_ACCESS;
	model.flags = flags & (MAP_GROWSDOWN | MAP_NORESERVE);
	model.flags |= (flags & MAP_TYPE) == MAP_PRIVATE ? MAP_PRIVATE : MAP_SHARED;
	model.flags |= file ? 0 : MAP_ANONYMOUS;
	model.locked = (flags & MAP_LOCKED) || as->lock_future;
	model.file = file;
	model.offset = file ? offset : 0;
	if (file)
		return map_file(as, &model);
	if (!region_is_shared(&model))
		return map_region(as, &model);
	err = file_create_memory(len, &model.file);
	if (err)
		return -ENOMEM;
	at = map_region(as, &model);
	file_put(model.file);
	return at;
}

long aspace_mmap(struct aspace *as, uint64_t addr, uint64_t len, unsigned prot, unsigned flags, struct file *file,
		 off_t offset)
{
	bool populate;
	long result;

	if (!len)
		return -EINVAL;
	len = align_up(len, PAGE_SIZE);
	if (!len)
		return -ENOMEM;
	mutex_lock(&as->lock);
	result = mmap_locked(as, addr, len, prot, flags, file, offset);
	populate = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE || (flags & MAP_LOCKED) || as->lock_future;
	mutex_unlock(&as->lock);
	if (result >= 0 && (prot & PROT_EXEC) && as == aspace_current())
		profiler_tell_map((uint64_t)result, len, file, (uint64_t)offset);
	/* Whether memory is there for all of it shows when it is touched. */
	if (populate && result >= 0)
		(void)aspace_populate(as, (uint64_t)result, (uint64_t)result + len, 0);
	return result;
}

/* The shared mapping that [start, end) is in, all of one file and alike; NULL. */
static struct region *shared_in(struct aspace *as, uint64_t start, uint64_t end)
{
	struct region *first = region_at(as, start), *region = first;

	if (!first || !region_is_shared(first))
		return NULL;
	while (region->end < end) {
		uint64_t border = region->end;

		region = region_next(as, region);
		if (!region || region->start != border || region->file != first->file ||
		    region->flags != first->flags || region->prot != first->prot)
			return NULL;
	}
	return first;
}

long aspace_remap_pages(struct aspace *as, uint64_t addr, uint64_t len, uint64_t index, unsigned flags)
{
	const struct region *region;
	struct region model;
	long result = -EINVAL;

	addr &= PAGE_MASK;
	len &= PAGE_MASK;
	if (addr + len <= addr || index > ((uint64_t)INT64_MAX - len) >> PAGE_SHIFT)
		return -EINVAL;
	mutex_lock(&as->lock);
	region = shared_in(as, addr, addr + len);
	if (region) {
		model = *region;
		model.start = addr;
		model.end = addr + len;
		model.offset = (off_t)(index << PAGE_SHIFT);
		/* Its file must stay while nothing refers to it. */
		file_get(model.file);
		result = map_file(as, &model);
		file_put(model.file);
	}
	mutex_unlock(&as->lock);
	if (result < 0)
		return result;
	if (!(flags & MAP_NONBLOCK))
		(void)aspace_populate(as, addr, addr + len, 0);
	return 0;
}

long aspace_munmap(struct aspace *as, uint64_t addr, uint64_t len)
{
	int err;

	if (!is_aligned(addr, PAGE_SIZE) || addr > USER_END || len > USER_END - addr || !len)
		return -EINVAL;
	mutex_lock(&as->lock);
	err = region_remove_range(as, addr, addr + align_up(len, PAGE_SIZE));
	mutex_unlock(&as->lock);
	return err;
}

void aspace_set_brk(struct aspace *as, uint64_t start)
{
	as->brk_start = as->brk = align_up(start, PAGE_SIZE);
}

static bool brk_grow(struct aspace *as, uint64_t old_end, uint64_t new_end)
{
	struct region model = {
		.start = old_end,
		.end = new_end,
		.prot = PROT_READ | PROT_WRITE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS,
		.locked = as->lock_future,
	};

	/* A page stays free between the heap and what is above it. */
	if (!user_ok(old_end, new_end - old_end) || !region_is_free(as, old_end, new_end + PAGE_SIZE))
		return false;
	if (as->lock_future && limit_check_locked(as, new_end - old_end))
		return false;
	return as->region_count < ASPACE_REGIONS_MAX && map_region(as, &model) >= 0;
}

uint64_t aspace_brk(struct aspace *as, uint64_t brk)
{
	uint64_t old_end = 0, new_end = 0;
	bool done = false, populate;

	mutex_lock(&as->lock);
	if (brk >= as->brk_start && brk <= USER_END && limit_data_allows(brk - as->brk_start)) {
		old_end = align_up(as->brk, PAGE_SIZE);
		new_end = align_up(brk, PAGE_SIZE);
		if (new_end > old_end)
			done = brk_grow(as, old_end, new_end);
		else
			done = !region_remove_range(as, new_end, old_end);
	}
	if (done)
		as->brk = brk;
	brk = as->brk;
	populate = done && as->lock_future;
	mutex_unlock(&as->lock);
	if (populate)
		(void)aspace_populate(as, old_end, new_end, 0);
	return brk;
}
