/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resetting a clone from outside: Xen notes which pages it writes (log-dirty, made for migration), and these and the
 * CPU's registers are written back. Nothing of it depends on the clone, not even on its being alive.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <xenguest.h>

#define BITS (8 * sizeof(unsigned long))
#define PAGE_BITS (8 * PAGE)

/* Which pages were written since the last time, into clone->dirty. */
static int collect_dirty(struct clone *clone)
{
	size_t count = clone->cloner->low_count;

	return xc_logdirty_control(clone->cloner->xc, clone->domain, XEN_DOMCTL_SHADOW_OP_CLEAN, &clone->dirty_buffer,
				   count, 0, NULL) == (long long)count
		       ? 0
		       : -1;
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
	return collect_dirty(clone);
}

int clone_snapshot(struct clone *clone, const uint8_t *kept)
{
	xc_interface *xc = clone->cloner->xc;
	int err = xc_domain_pause(xc, clone->domain);

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

int clone_restore(struct clone *clone, size_t *pages)
{
	xc_interface *xc = clone->cloner->xc;
	bool ended = !clone_alive(clone);

	*pages = 0;
	if (!clone->domain || xc_domain_pause(xc, clone->domain) || collect_dirty(clone))
		return -1;
	*pages = write_back(clone);
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
