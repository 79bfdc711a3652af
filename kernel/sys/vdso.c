/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vDSO's file: the kernel's page, then the object. Made for the first program, and kept.
 */
#include <arch/arch.h>
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/mutex.h>
#include <kernel/page.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/vdso.h>

static struct mutex lock = MUTEX_INIT(lock); /* for making it */
static struct file *vdso;

/* Copies bytes to the file from a page on; the first page's address. */
static int put(struct file *file, uint64_t index, const void *bytes, size_t len, void **first)
{
	for (size_t done = 0; done < len; done += PAGE_SIZE) {
		struct page *page;
		int err = file->ops->map_page(file, index + done / PAGE_SIZE, true, &page);

		if (err)
			return err;
		memcpy(page_virt(page), (const uint8_t *)bytes + done, min(len - done, (size_t)PAGE_SIZE));
		if (!done && first)
			*first = page_virt(page);
		page_put(page);
	}
	return 0;
}

static int make(const void *image, size_t size)
{
	const struct vdso_data empty = { 0 };
	struct file *file;
	void *data;
	int err = file_create_memory(PAGE_SIZE + align_up(size, PAGE_SIZE), &file);

	if (err)
		return err;
	err = put(file, 1, image, size, NULL);
	if (!err)
		err = put(file, 0, &empty, sizeof(empty), &data);
	if (err) {
		file_put(file);
		return err;
	}
	clock_publish(data);
	atomic_store(&vdso, file);
	return 0;
}

static int make_once(const void *image, size_t size)
{
	int err = 0;

	if (atomic_load(&vdso))
		return 0;
	mutex_lock(&lock);
	if (!vdso)
		err = make(image, size);
	mutex_unlock(&lock);
	return err;
}

int vdso_map(struct aspace *aspace, uint64_t *base)
{
	uint64_t code_size;
	size_t size = 0;
	const void *image = arch_vdso(&size);
	long at;
	int err;

	*base = 0;
	if (!image || clock_is_virtual() || !process_current()->has_code)
		return 0;
	err = make_once(image, size);
	if (err)
		return err;
	code_size = align_up(size, PAGE_SIZE);
	at = aspace_mmap(aspace, aspace->places.vdso, PAGE_SIZE + code_size, PROT_READ, MAP_PRIVATE, vdso, 0);
	if (at < 0)
		return (int)at;
	at = aspace_mmap(aspace, (uint64_t)at + PAGE_SIZE, code_size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
			 vdso, PAGE_SIZE);
	if (at < 0)
		return (int)at;
	aspace->layout.vdso = *base = (uint64_t)at;
	return 0;
}
