/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One clone: a domain made as the toolstack makes one, but with the parent's pages and registers in it. It finds its
 * suspension ended, and no event channels but those of console and xenstore, which nobody listens to.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/hvm/params.h>
#include <xenguest.h>

#define EVENT_PORTS 1023
#define GRANT_FRAMES 4
#define PAGING_BYTES (2u << 20)
#define SPARE_KIB 1024
#define LARGE_ORDER 9
#define LARGE_PAGES (1u << LARGE_ORDER)

/* ---- the domain ---- */

static int make_domain(struct clone *clone)
{
	struct xen_domctl_createdomain create = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = 1,
		.max_evtchn_port = EVENT_PORTS,
		.max_grant_frames = GRANT_FRAMES,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
		.arch.emulation_flags = XEN_X86_EMU_LAPIC,
	};
	struct cloner *cloner = clone->cloner;
	uint32_t domain = 0;

	clone_mark(create.handle, cloner->domain);
	if (xc_domain_create(cloner->xc, &domain, &create))
		return -1;
	clone->domain = clone->last_domain = domain;
	guardian_tell(cloner, true, domain);
	return xc_domain_max_vcpus(cloner->xc, domain, 1) ||
			       xc_set_paging_mempool_size(cloner->xc, domain, PAGING_BYTES) ||
			       xc_domain_setmaxmem(cloner->xc, domain, cloner->page_count * (PAGE / 1024) + SPARE_KIB)
		       ? -1
		       : 0;
}

static int copy_cpu_policy(struct clone *clone)
{
	xc_interface *xc = clone->cloner->xc;
	xc_cpu_policy_t *policy = xc_cpu_policy_init();
	uint32_t mode, khz, incarnation;
	uint64_t elapsed;
	int err;

	if (!policy)
		return -1;
	err = xc_cpu_policy_get_domain(xc, clone->cloner->domain, policy);
	if (!err)
		err = xc_cpu_policy_set_domain(xc, clone->domain, policy);
	xc_cpu_policy_destroy(policy);
	if (!err)
		err = xc_domain_get_tsc_info(xc, clone->cloner->domain, &mode, &elapsed, &khz, &incarnation);
	return err ? err : xc_domain_set_tsc_info(xc, clone->domain, mode, elapsed, khz, incarnation);
}

/* ---- its memory ---- */

static bool large_at(const struct cloner *cloner, size_t i)
{
	return cloner->pages[i] % LARGE_PAGES == 0 && i + LARGE_PAGES <= cloner->page_count &&
	       cloner->pages[i + LARGE_PAGES - 1] == cloner->pages[i] + LARGE_PAGES - 1;
}

/* Large pages where the parent has all of one, small ones in between. */
static int populate(struct clone *clone)
{
	struct cloner *cloner = clone->cloner;
	xen_pfn_t *list = malloc(cloner->page_count * sizeof(*list));
	size_t small = 0;
	int err = list ? 0 : -1;

	for (size_t i = 0; !err && i < cloner->page_count; i++) {
		if (large_at(cloner, i)) {
			err = xc_domain_populate_physmap_exact(cloner->xc, clone->domain, 1, LARGE_ORDER, 0,
							       &cloner->pages[i]);
			i += LARGE_PAGES - 1;
		} else {
			list[small++] = cloner->pages[i];
		}
	}
	if (!err && small)
		err = xc_domain_populate_physmap_exact(cloner->xc, clone->domain, small, 0, 0, list);
	free(list);
	return err;
}

/*
 * The parent's pages that are not blank, as fresh ones are; to map a page costs as much as to copy it, and to unmap it
 * more, which can wait.
 */
static int copy_memory(struct clone *clone)
{
	struct cloner *cloner = clone->cloner;
	uint8_t *to = xenforeignmemory_map(cloner->foreign, clone->domain, PROT_READ | PROT_WRITE,
					   cloner->written_count, cloner->written, NULL);

	clone->copied = to;
	if (!to)
		return -1;
	for (size_t i = 0, at = 0; i < cloner->page_count; i++)
		if (!cloner->blank[i])
			copy_page(to + at++ * PAGE, cloner->memory + i * PAGE);
	return 0;
}

/* The clone may have us look anywhere: what is not there reads as zeros. */
static int fill_holes(struct clone *clone)
{
	for (size_t i = 0; i < clone->cloner->low_count; i++)
		if (clone->holes[i] && mmap(clone->memory + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
					    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			return -1;
	return 0;
}

int clone_map(struct clone *clone)
{
	size_t count = clone->cloner->low_count;

	if (clone->memory)
		return 0;
	clone->low = clone->low ? clone->low : malloc(count * sizeof(*clone->low));
	clone->holes = clone->holes ? clone->holes : calloc(count, sizeof(*clone->holes));
	if (!clone->low || !clone->holes)
		return -1;
	for (size_t i = 0; i < count; i++)
		clone->low[i] = i;
	clone->memory = xenforeignmemory_map(clone->cloner->foreign, clone->domain, PROT_READ | PROT_WRITE, count,
					     clone->low, clone->holes);
	return clone->memory ? fill_holes(clone) : -1;
}

/* ---- what Xen keeps for it ---- */

static bool is_channel(uint32_t param)
{
	return param == HVM_PARAM_STORE_EVTCHN || param == HVM_PARAM_CONSOLE_EVTCHN ||
	       param == HVM_PARAM_BUFIOREQ_EVTCHN;
}

/* A parameter that may not be set is one that the clone has already. */
static int copy_params(struct clone *clone)
{
	xc_interface *xc = clone->cloner->xc;
	int store = xc_evtchn_alloc_unbound(xc, clone->domain, 0);
	int console = xc_evtchn_alloc_unbound(xc, clone->domain, 0);

	if (store < 0 || console < 0)
		return -1;
	for (uint32_t i = 0; i < HVM_NR_PARAMS; i++) {
		uint64_t value = 0;

		if (!is_channel(i) && !xc_hvm_param_get(xc, clone->cloner->domain, i, &value) && value)
			xc_hvm_param_set(xc, clone->domain, i, value);
	}
	return xc_hvm_param_set(xc, clone->domain, HVM_PARAM_STORE_EVTCHN, (uint64_t)store) ||
			       xc_hvm_param_set(xc, clone->domain, HVM_PARAM_CONSOLE_EVTCHN, (uint64_t)console)
		       ? -1
		       : 0;
}

/* Also what the hooks have to say, in error. */
static int join(struct clone *clone, char *error)
{
	const struct cloner_hooks *hooks = clone->cloner->options.hooks;

	return hooks && hooks->join ? hooks->join(hooks->context, clone, error) : 0;
}

static int start(struct clone *clone)
{
	struct cloner *cloner = clone->cloner;

	return context_put_entropy(cloner->context, cloner->context_size) ||
			       xc_domain_hvm_setcontext(cloner->xc, clone->domain, cloner->context,
							cloner->context_size) ||
			       xc_domain_unpause(cloner->xc, clone->domain)
		       ? -1
		       : 0;
}

/* How much memory there is: what is free, and what the clone has got already. */
static int fail_memory(const struct clone *clone, char *error)
{
	xc_interface *xc = clone->cloner->xc;
	xc_dominfo_t info;
	xc_physinfo_t all;

	if (xc_physinfo(xc, &all) || xc_domain_getinfo(xc, clone->domain, 1, &info) != 1)
		return cloner_fail(error, "Xen has no memory for a clone");
	return cloner_fail(error, "Xen has no memory for a clone: %llu MiB are free, it wants %zu",
			   (unsigned long long)(all.free_pages + info.nr_pages) / PAGES_PER_MIB,
			   clone->cloner->page_count / PAGES_PER_MIB);
}

static int make_clone(struct clone *clone, char *error)
{
	static const struct {
		int (*step)(struct clone *clone);
		const char *what;
	} steps[] = {
		{ make_domain, "make a domain" },
		{ copy_cpu_policy, "copy what the CPU can do" },
		{ populate, "get memory" },
		{ copy_memory, "copy the parent's memory" },
		{ copy_params, "copy the parent's parameters" },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (!steps[i].step(clone))
			continue;
		if (steps[i].step == populate)
			return fail_memory(clone, error);
		return cloner_fail(error, "a clone cannot %s: %s", steps[i].what, strerror(errno));
	}
	if (join(clone, error))
		return -1;
	return start(clone) ? cloner_fail(error, "a clone cannot be started: %s", strerror(errno)) : 0;
}

struct clone *cloner_clone(struct cloner *cloner, char *error)
{
	struct clone *clone = calloc(1, sizeof(*clone));

	if (!clone) {
		cloner_fail(error, "out of memory");
		return NULL;
	}
	clone->cloner = cloner;
	if (!(cloner->options.way == CLONER_CLONE ? make_clone(clone, error) : fresh_start(clone, error)))
		return clone;
	clone_free(clone);
	return NULL;
}

unsigned clone_domain(const struct clone *clone)
{
	return clone->last_domain;
}

uint8_t *clone_memory(struct clone *clone, size_t *size)
{
	if (clone_map(clone))
		return NULL;
	*size = clone->cloner->low_count * PAGE;
	return clone->memory;
}

uint8_t *clone_map_page(struct clone *clone, size_t page)
{
	xen_pfn_t pfn = page;

	return xenforeignmemory_map(clone->cloner->foreign, clone->domain, PROT_READ | PROT_WRITE, 1, &pfn, NULL);
}

bool clone_alive(struct clone *clone)
{
	xc_dominfo_t info;

	return clone->domain && xc_domain_getinfo(clone->cloner->xc, clone->domain, 1, &info) == 1 &&
	       info.domid == clone->domain && !info.dying && !info.shutdown;
}

void clone_kill(struct clone *clone)
{
	const struct cloner_hooks *hooks = clone->cloner->options.hooks;
	char number[16];

	if (!clone->domain)
		return;
	if (hooks && hooks->leave)
		hooks->leave(hooks->context, clone->domain);
	snprintf(number, sizeof(number), "%u", clone->domain);
	if (clone->by_xl)
		xl_destroy(number);
	else
		domain_destroy(clone->cloner->xc, clone->domain);
	guardian_tell(clone->cloner, false, clone->domain);
	clone->domain = 0;
}

void clone_free(struct clone *clone)
{
	if (!clone)
		return;
	clone_forget_snapshot(clone);
	clone_kill(clone);
	if (clone->copied)
		xenforeignmemory_unmap(clone->cloner->foreign, clone->copied, clone->cloner->written_count);
	if (clone->memory)
		xenforeignmemory_unmap(clone->cloner->foreign, clone->memory, clone->cloner->low_count);
	free(clone->low);
	free(clone->holes);
	free(clone);
}
