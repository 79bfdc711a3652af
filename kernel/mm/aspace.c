/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces: birth, death, which one is active, and what happens when a program touches a page that is not
 * there.
 */
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/smp.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include "aspace_internal.h"

OBJECT_TYPE(aspace);

int aspace_create(struct aspace **out)
{
	struct aspace *as = heap_zalloc(sizeof(*as));
	int err;

	if (!as)
		return -ENOMEM;
	err = arch_pagetable_create(&as->tables);
	if (err) {
		heap_free(as);
		return err;
	}
	mutex_init(&as->lock);
	list_init(&as->regions);
	as->mmap_top = ASPACE_MMAP_TOP;
	as->places = (struct aspace_places){ .stack_top = ASPACE_STACK_TOP, .pie_base = ASPACE_PIE_BASE };
	as->refs = 1;
	object_count_add(&object_type_aspace, 1);
	*out = as;
	return 0;
}

static int copy_region(struct aspace *from, struct aspace *to, struct region *region)
{
	struct region model = *region;

	if (region->advice & REGION_DONTFORK)
		return 0;
	model.locked = false; /* locks on memory are not inherited */
	if (!region_add(to, &model))
		return -ENOMEM;
	return region->advice & REGION_WIPEONFORK ? 0 : pages_share(from, to, region);
}

int aspace_fork(struct aspace *from, struct aspace **out)
{
	struct aspace *to;
	int err = aspace_create(&to);

	if (err)
		return err;
	mutex_lock(&from->lock);
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->mmap_top = from->mmap_top;
	to->layout = from->layout;
	list_foreach(&from->regions, struct region, node, region) {
		err = copy_region(from, to, region);
		if (err)
			break;
	}
	mutex_unlock(&from->lock);
	if (err)
		aspace_put(to);
	else
		*out = to;
	return err;
}

bool aspace_is_shared(const struct aspace *as)
{
	return atomic_load(&as->refs) > 1;
}

struct aspace *aspace_get(struct aspace *as)
{
	atomic_fetch_add(&as->refs, 1);
	return as;
}

/* Interrupts off. The bit is set while the tables are active and longer, never shorter: who changes them goes by it. */
static void load(struct aspace *as)
{
	struct cpu *cpu = arch_cpu();
	struct aspace *former = cpu->aspace;

	if (as == former)
		return;
	if (IS_ENABLED(CONFIG_SMP) && as)
		atomic_fetch_or(&as->cpus, cpu_bit(cpu));
	cpu->aspace = as;
	arch_pagetable_activate(as ? &as->tables : &arch_kernel_pagetable);
	if (IS_ENABLED(CONFIG_SMP) && former)
		atomic_fetch_and(&former->cpus, ~cpu_bit(cpu));
}

/* A thread without a space runs on whatever tables are there: loading others costs all that the CPU knows of them. */
void aspace_switch(struct aspace *to)
{
	if (to)
		load(to);
}

void aspace_activate(struct aspace *as)
{
	/* A switch in between would load the tables of the thread's former space on the way back. */
	unsigned long irq = arch_irq_save();

	thread_current()->aspace = as;
	load(as);
	arch_irq_restore(irq);
}

static void unload(void *arg)
{
	unsigned long irq = arch_irq_save();

	if (arch_cpu()->aspace == arg)
		load(NULL);
	arch_irq_restore(irq);
}

/* Nobody runs on it any more, but CPUs may still have it loaded. */
static void unload_everywhere(struct aspace *as)
{
	preempt_disable();
	unload(as);
	if (IS_ENABLED(CONFIG_SMP) && cpu_count > 1)
		cpus_call(atomic_load(&as->cpus), unload, as);
	preempt_enable();
}

static void aspace_destroy(struct aspace *as)
{
	int err;

	if (aspace_current() == as)
		aspace_activate(NULL);
	unload_everywhere(as);
	/* From border to border of everything: there is nothing to split, so it cannot fail. */
	err = region_remove_range(as, 0, USER_END);
	assert(!err && list_empty(&as->regions) && as->pages == 0 && as->pages_total == 0 && as->pages_locked == 0);
	arch_pagetable_destroy(&as->tables);
	object_count_add(&object_type_aspace, -1);
	heap_free(as);
}

void aspace_put(struct aspace *as)
{
	if (atomic_fetch_sub(&as->refs, 1) == 1)
		aspace_destroy(as);
}

struct address_range {
	struct aspace *as;
	uint64_t start, end;
};

/* A CPU on which nobody needs the tables lets go of them: it is not asked again. */
static void forget_range(void *arg)
{
	const struct address_range *range = arg;

	if (aspace_current())
		arch_pagetable_forget(range->start, range->end);
	else
		unload(range->as);
}

void aspace_forget(struct aspace *as, uint64_t start, uint64_t end)
{
	struct address_range range = { as, start, end };

	if (!IS_ENABLED(CONFIG_SMP) || cpu_count == 1 || start >= end)
		return;
	memory_barrier();
	preempt_disable();
	/* Also here: the changes may have been made on another CPU, before the thread came to this one. */
	forget_range(&range);
	cpus_call(atomic_load(&as->cpus), forget_range, &range);
	preempt_enable();
}

struct arch_pagetable *aspace_tables(void)
{
	struct aspace *as = arch_cpu()->aspace;

	return as ? &as->tables : &arch_kernel_pagetable;
}

struct aspace *aspace_current(void)
{
	struct thread *thread = thread_current();

	return thread ? thread->aspace : NULL;
}

bool aspace_region_after(struct aspace *as, uint64_t address, struct region *copy)
{
	struct region *region;

	mutex_lock(&as->lock);
	region = region_at_or_above(as, address);
	if (region) {
		*copy = *region;
		if (copy->file)
			file_get(copy->file);
	}
	mutex_unlock(&as->lock);
	return region;
}

/* The page of an address in the direct map, made if it is not there. */
static int page_of(struct aspace *as, uint64_t address, bool write, char **memory)
{
	struct region *region = region_at(as, address);
	phys_t phys;
	int err;

	if (!region)
		return -EFAULT;
	err = page_force(as, region, address, write);
	if (!err)
		err = arch_pagetable_lookup(&as->tables, address & PAGE_MASK, &phys, NULL);
	if (err)
		return err;
	*memory = (char *)arch_phys_to_virt(phys) + (address & ~PAGE_MASK);
	return 0;
}

static int transfer(struct aspace *as, uint64_t addr, char *data, size_t len, bool write)
{
	int err = user_ok(addr, len) ? 0 : -EFAULT;

	mutex_lock(&as->lock);
	while (len && !err) {
		size_t n = min(len, PAGE_SIZE - (addr & ~PAGE_MASK));
		char *memory;

		err = page_of(as, addr, write, &memory);
		if (err)
			break;
		memcpy(write ? memory : data, write ? data : memory, n);
		addr += n;
		data += n;
		len -= n;
	}
	mutex_unlock(&as->lock);
	return err;
}

bool aspace_shared_name(struct aspace *as, uint64_t addr, uintptr_t *file, uint64_t *offset)
{
	struct region *region;
	bool shared;

	mutex_lock(&as->lock);
	region = region_at(as, addr);
	shared = region && region->file && region_is_shared(region);
	if (shared) {
		*file = (uintptr_t)region->file->inode;
		*offset = (uint64_t)region->offset + (addr - region->start);
	}
	mutex_unlock(&as->lock);
	return shared;
}

int aspace_write(struct aspace *as, uint64_t addr, const void *data, size_t len)
{
	return transfer(as, addr, (char *)(uintptr_t)data, len, true);
}

int aspace_read(struct aspace *as, uint64_t addr, void *data, size_t len)
{
	return transfer(as, addr, data, len, false);
}
