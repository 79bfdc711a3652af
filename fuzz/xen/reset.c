/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resetting a clone from outside: Xen notes which pages it writes (log-dirty, made for migration), and these and the
 * CPU's registers are written back. Nothing of it depends on the clone, not even on its being alive.
 *
 * The first write to a page since the log was cleared is a trap, which costs as much as many copies of a page; later
 * writes to it cost nothing. So the log is read and left as it is, and all pages in it are written back each time,
 * whether the last input wrote them or an earlier one; it is cleared when these copies have cost as much as the traps
 * that this brings.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <xenguest.h>

#define BITS (8 * sizeof(unsigned long))
#define PAGE_BITS (8 * PAGE)
#define TRAP_COPIES 30 /* copies of a page that a trap costs as much as; measured in the lab */

/* Which pages were written since the log was cleared, into clone->dirty; XEN_DOMCTL_SHADOW_OP_CLEAN clears it. */
static int read_log(struct clone *clone, unsigned op)
{
	size_t count = clone->cloner->low_count;

	return xc_logdirty_control(clone->cloner->xc, clone->domain, op, &clone->dirty_buffer, count, 0, NULL) ==
			       (long long)count
		       ? 0
		       : -1;
}

static int collect_dirty(struct clone *clone)
{
	struct log_use *use = &clone->log_use;
	bool clear = use->spare_copies > (size_t)TRAP_COPIES * use->first_pages;

	if (read_log(clone, clear ? XEN_DOMCTL_SHADOW_OP_CLEAN : XEN_DOMCTL_SHADOW_OP_PEEK))
		return -1;
	use->cleared = clear;
	return 0;
}

/* How many pages it took, in view of the next time. */
static void note_use(struct log_use *use, size_t pages)
{
	if (use->cleared) {
		use->spare_copies = use->first_pages = 0;
		return;
	}
	if (!use->first_pages)
		use->first_pages = pages;
	use->spare_copies += pages - use->first_pages;
}

static bool is_restored(const struct clone *clone, size_t page)
{
	return !clone->holes[page] && !(clone->kept[page / 8] >> page % 8 & 1);
}

static int copy_all(struct clone *clone, const uint8_t *kept)
{
	size_t count = clone->cloner->low_count;

	clone->pristine = malloc(count * PAGE);
	clone->kept = malloc(count / 8 + 1);
	if (!clone->pristine || !clone->kept)
		return -1;
	memcpy(clone->kept, kept, (count + 7) / 8);
	for (size_t i = 0; i < count; i++)
		if (is_restored(clone, i))
			copy_page(clone->pristine + i * PAGE, clone->memory + i * PAGE);
	return 0;
}

static int copy_context(struct clone *clone)
{
	xc_interface *xc = clone->cloner->xc;
	int size = xc_domain_hvm_getcontext(xc, clone->domain, NULL, 0);

	clone->context = size > 0 ? malloc((size_t)size) : NULL;
	if (!clone->context)
		return -1;
	size = xc_domain_hvm_getcontext(xc, clone->domain, clone->context, (uint32_t)size);
	clone->context_size = size > 0 ? (uint32_t)size : 0;
	return size > 0 ? 0 : -1;
}

static int start_log(struct clone *clone)
{
	xc_interface *xc = clone->cloner->xc;
	size_t pages = (clone->cloner->low_count + PAGE_BITS - 1) / PAGE_BITS;

	clone->dirty_buffer = (xc_hypercall_buffer_t){ HYPERCALL_BUFFER_INIT_NO_BOUNCE };
	clone->dirty = xc__hypercall_buffer_alloc_pages(xc, &clone->dirty_buffer, (int)pages);
	if (!clone->dirty || xc_shadow_control(xc, clone->domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL, 0) < 0)
		return -1;
	return read_log(clone, XEN_DOMCTL_SHADOW_OP_CLEAN);
}

int clone_snapshot(struct clone *clone, const uint8_t *kept)
{
	xc_interface *xc = clone->cloner->xc;
	int err = clone_map(clone) ? -1 : xc_domain_pause(xc, clone->domain);

	if (err)
		return err;
	err = copy_all(clone, kept);
	err = err ? err : copy_context(clone);
	err = err ? err : start_log(clone);
	return err ? err : xc_domain_unpause(xc, clone->domain);
}

/* Of a whole word at a time, nearly always none. */
static size_t write_back(struct clone *clone)
{
	size_t words = (clone->cloner->low_count + BITS - 1) / BITS, written = 0;

	for (size_t word = 0; word < words; word++) {
		for (unsigned long bits = clone->dirty[word]; bits; bits &= bits - 1) {
			size_t page = word * BITS + (size_t)__builtin_ctzl(bits);

			if (page >= clone->cloner->low_count || !is_restored(clone, page))
				continue;
			copy_page(clone->memory + page * PAGE, clone->pristine + page * PAGE);
			written++;
		}
	}
	return written;
}

int clone_pause(struct clone *clone)
{
	return clone->domain ? xc_domain_pause(clone->cloner->xc, clone->domain) : -1;
}

int clone_restore(struct clone *clone, size_t *pages)
{
	xc_interface *xc = clone->cloner->xc;
	bool ended = !clone_alive(clone);

	*pages = 0;
	if (collect_dirty(clone))
		return -1;
	*pages = write_back(clone);
	note_use(&clone->log_use, *pages);
	if (xc_domain_hvm_setcontext(xc, clone->domain, clone->context, clone->context_size))
		return -1;
	if (ended && xc_domain_resume(xc, clone->domain, 0))
		return -1;
	return xc_domain_unpause(xc, clone->domain);
}

void clone_forget_snapshot(struct clone *clone)
{
	if (clone->dirty)
		xc__hypercall_buffer_free_pages(clone->cloner->xc, &clone->dirty_buffer,
						(int)((clone->cloner->low_count + PAGE_BITS - 1) / PAGE_BITS));
	free(clone->pristine);
	free(clone->kept);
	free(clone->context);
	clone->dirty = NULL;
	clone->pristine = clone->kept = clone->context = NULL;
}
