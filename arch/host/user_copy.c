/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's memory in the host world: there is no program and no mapping; addresses are looked up in the active
 * tables and the frames reached through the direct map.
 */
#include <kernel/aspace.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/harness_profile.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

#include "host_internal.h"

/* As on a real CPU, what may be written or executed may be read. */
#define READABLE (ARCH_PAGE_READ | ARCH_PAGE_WRITE | ARCH_PAGE_EXEC)

/* The page of an address in the direct map, with the access asked for; NULL: not there, or not allowed. */
static char *page_lookup(uint64_t virt, unsigned access)
{
	struct arch_translation *cached = &arch_host_state->cached;
	phys_t phys;
	unsigned rights;

	if (likely(cached->virt == virt && cached->rights & access))
		return cached->page;
	if (!arch_host_state->tables || arch_pagetable_lookup(arch_host_state->tables, virt, &phys, &rights))
		return NULL;
	if (!(rights & access))
		return NULL;
	*cached = (struct arch_translation){ .virt = virt, .page = arch_phys_to_virt(phys), .rights = rights };
	return cached->page;
}

static int fault(user_ptr_t address, unsigned access)
{
	uint32_t phase = harness_phase_enter(PHASE_FAULTS);
	int err;

	err = aspace_handle_fault(address, access == ARCH_PAGE_WRITE ? ASPACE_ACCESS_WRITE : ASPACE_ACCESS_READ);
	harness_phase_leave(phase);
	return err;
}

/* Where an address is, its page made when it is the program's. NULL: a fault. *len is cut to the end of the page. */
static char *user_page(user_ptr_t address, size_t *len, unsigned access)
{
	size_t offset = address & ~PAGE_MASK;
	char *page;

	*len = min(*len, PAGE_SIZE - offset);
	while (!(page = page_lookup(address - offset, access)))
		if (fault(address, access))
			return NULL;
	if (access == ARCH_PAGE_WRITE)
		snapshot_mark(page, PAGE_SIZE);
	return page + offset;
}

size_t arch_user_copy_in(void *dst, user_ptr_t src, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = len - done;
		const char *from = user_page(src + done, &n, READABLE);

		if (!from)
			break;
		memcpy((char *)dst + done, from, n);
		done += n;
	}
	return len - done;
}

size_t arch_user_copy_out(user_ptr_t dst, const void *src, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = len - done;
		char *to = user_page(dst + done, &n, ARCH_PAGE_WRITE);

		if (!to)
			break;
		memcpy(to, (const char *)src + done, n);
		done += n;
	}
	return len - done;
}

size_t arch_user_zero(user_ptr_t dst, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = len - done;
		char *to = user_page(dst + done, &n, ARCH_PAGE_WRITE);

		if (!to)
			break;
		memset(to, 0, n);
		done += n;
	}
	return len - done;
}

ssize_t arch_user_copy_string(char *dst, user_ptr_t src, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t n = size - done, len;
		const char *from = user_page(src + done, &n, READABLE);

		if (!from)
			return -EFAULT;
		len = strnlen(from, n);
		memcpy(dst + done, from, len < n ? len + 1 : n);
		done += len < n ? len + 1 : n;
		if (len < n)
			break;
	}
	return (ssize_t)done;
}
