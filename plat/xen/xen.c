/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of Xen's that began at the PVH entry: finding that out, what Xen shares with it, and its end. There are no
 * devices of a PC here, not even the ports that tell of none.
 */
#include "xen_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <plat/plat.h>

#define HYPERVISOR_IS_THERE (1u << 31) /* CPUID 1, ECX */

static union {
	struct shared_info info;
	uint8_t page[PAGE_SIZE];
} shared ALIGNED(PAGE_SIZE);
struct shared_info *const shared_info = &shared.info;

/* Xen's first CPUID leaf, which lies higher where it poses as another hypervisor too; 0: it is not there. */
static uint32_t xen_leaf(void)
{
	if (!(x86_cpuid(1, 0).ecx & HYPERVISOR_IS_THERE))
		return 0;
	for (uint32_t leaf = XEN_CPUID_FIRST; leaf < XEN_CPUID_LAST; leaf += XEN_CPUID_STEP) {
		struct x86_cpuid r = x86_cpuid(leaf, 0);
		uint32_t name[] = { r.ebx, r.ecx, r.edx };

		if (!memcmp(name, "XenVMMXenVMM", sizeof(name)))
			return r.eax >= leaf + 2 ? leaf : 0;
	}
	return 0;
}

bool xen_is_ready(void)
{
	static bool ready;
	struct x86_cpuid r;

	if (ready)
		return true;
	r = x86_cpuid(xen_leaf() + 2, 0);
	x86_write_msr(r.ebx, arch_virt_to_phys(hypercall_page));
	ready = true;
	return ready;
}

uint64_t xen_param(uint32_t index)
{
	struct xen_hvm_param param = { .domid = DOMID_SELF, .index = index };

	return hypercall2(XEN_HVM_OP, HVMOP_GET_PARAM, (uint64_t)&param) ? 0 : param.value;
}

int xen_add_to_physmap(uint32_t space, uint64_t idx, phys_t at)
{
	struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = at / PAGE_SIZE };

	return (int)hypercall2(XEN_MEMORY_OP, XENMEM_ADD_TO_PHYSMAP, (uint64_t)&add);
}

void *xen_map_frame(uint64_t pfn)
{
	void *virt = arch_phys_to_virt(pfn * PAGE_SIZE);
	int err = 0;

	if (!pfn || pfn >= DIRECT_MAP_SIZE / PAGE_SIZE)
		return NULL;
	/* The boot tables have all below 4 GiB. */
	if (arch_pagetable_is_active(&arch_kernel_pagetable))
		err = arch_pagetable_map(&arch_kernel_pagetable, (uint64_t)virt, pfn * PAGE_SIZE,
					 ARCH_PAGE_READ | ARCH_PAGE_WRITE);
	return err && err != -EEXIST ? NULL : virt;
}

static int xen_probe(const struct boot_info *boot UNUSED)
{
	return xen_leaf() ? 3 : 0;
}

static int join(void)
{
	int err = xen_add_to_physmap(XENMAPSPACE_SHARED_INFO, 0, arch_virt_to_phys(&shared));

	return err ? err : event_init();
}

static int xen_init(const struct boot_info *boot UNUSED)
{
	int err;

	xen_is_ready();
	/* Xen's to write, and nobody's to copy or to put back. */
	snapshot_exempt(&shared, sizeof(shared));
	event_vectors_init();
	err = join();
	xen_clock_init();
	return err;
}

static void xen_stop(enum plat_stop how, int status) NORETURN;
static void xen_stop(enum plat_stop how, int status)
{
	struct sched_shutdown shutdown = { how == PLAT_POWER_OFF ? SHUTDOWN_POWEROFF : SHUTDOWN_REBOOT };

	arch_irq_disable();
	if (how == PLAT_POWER_OFF)
		xen_console_end(status & 255);
	xen_console_flush();
	hypercall2(XEN_SCHED_OP, SCHEDOP_SHUTDOWN, (uint64_t)&shutdown);
	for (;;)
		arch_irq_wait();
}

/*
 * As for a migration (sched.h): 0 is said to who is another domain now, 1 to who is still the same. Registers that a
 * hypercall may change come back as they are in the copy's saved state: whoever makes copies can put entropy there,
 * which then is in the machine before its first instruction.
 */
static bool xen_suspend(uint64_t words[PLAT_SUSPEND_WORDS])
{
	struct sched_shutdown shutdown = { SHUTDOWN_SUSPEND };
	uint64_t now;

	_Static_assert(PLAT_SUSPEND_WORDS == 4, "r8 to r11");
	now = xen_clock_ns();
	if (hypercall2_words(XEN_SCHED_OP, SCHEDOP_SHUTDOWN, (uint64_t)&shutdown, words))
		return false;
	if (join() || (IS_ENABLED(CONFIG_PLAT_XEN_DEVICES) && xen_host_in_copy()))
		panic("xen: this copy of the machine cannot join in");
	xen_clock_go_on(now);
	xen_console_in_copy();
	return true;
}

#define IF_DEVICES(function) (IS_ENABLED(CONFIG_PLAT_XEN_DEVICES) ? (function) : NULL)

static const struct platform xen_platform = {
	.name = "xen",
	.probe = xen_probe,
	.init = xen_init,
	.clock_ns = xen_clock_ns,
	.boot_time_ns = xen_clock_boot_time_ns,
	.timer_arm = event_timer_arm,
	.irq_wait = event_wait,
	.irq_line = IF_DEVICES(event_line),
	.irq_line_off = IF_DEVICES(event_line_off),
	.xen_host = IF_DEVICES(xen_find_host),
	.log_write = xen_log_write,
	.console_write = xen_console_write,
	.console_read = xen_console_read,
	.word_wait = xen_word_wait,
	.suspend = xen_suspend,
	.stop = xen_stop,
};
PLATFORM(xen_platform);
