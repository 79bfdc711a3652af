/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The top of /proc: the machine and the kernel. An image for fuzzing tells nothing here that differs between worlds or
 * from one run to the next.
 */
#include <kernel/abi/utsname.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/page.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/time.h>

#include "proc.h"

#define TICK_NS (NSEC_PER_SEC / 100)
#define FUZZ_MEMORY_KIB (64 * KIB) /* what an image for fuzzing says it has */

LINKSET_DECLARE(char_device);

typedef unsigned long long number_t;

static unsigned cpus_told(void)
{
	return IS_ENABLED(CONFIG_FUZZ) ? 1 : cpu_count;
}

static int show_version(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	struct abi_utsname names;

	uname_get(&names);
	proc_print(text, "%s version %s (saki@saki) (gcc) %s\n", names.sysname, names.release, names.version);
	return 0;
}

static int show_cmdline(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	proc_print(text, "%s\n", IS_ENABLED(CONFIG_FUZZ) ? "" : boot_info->command_line);
	return 0;
}

static void put_kib(struct proc_text *text, const char *name, uint64_t kib)
{
	proc_print(text, "%s:%*llu kB\n", name, (int)(23 - strlen(name)), (number_t)kib);
}

static int show_meminfo(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	static const char *const zeros[] = {
		"Buffers", "Cached", "SwapCached", "Active", "Inactive", "Unevictable", "Mlocked", "SwapTotal",
		"SwapFree", "Dirty", "Writeback", "AnonPages", "Mapped", "Shmem", "KReclaimable", "Slab",
		"SReclaimable", "SUnreclaim", "KernelStack", "PageTables", "CommitLimit", "Committed_AS",
	};
	bool constant = IS_ENABLED(CONFIG_FUZZ);
	uint64_t total = constant ? FUZZ_MEMORY_KIB : page_total_count() * (PAGE_SIZE / KIB);
	uint64_t available = constant ? FUZZ_MEMORY_KIB / 2 : page_free_count() * (PAGE_SIZE / KIB);

	put_kib(text, "MemTotal", total);
	put_kib(text, "MemFree", available);
	put_kib(text, "MemAvailable", available);
	for (unsigned i = 0; i < array_size(zeros); i++)
		put_kib(text, zeros[i], 0);
	return 0;
}

/* What every CPU that runs this kernel has; which one it is, programs ask the CPU itself. */
static int show_cpuinfo(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	for (unsigned i = 0; i < cpus_told(); i++) {
		proc_print(text, "processor\t: %u\nvendor_id\t: Saki\ncpu family\t: 6\nmodel\t\t: 0\n", i);
		proc_print(text, "model name\t: x86-64\nstepping\t: 0\ncpu MHz\t\t: 1000.000\ncache size\t: 0 KB\n");
		proc_print(text, "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\n",
			   cpus_told(), i, cpus_told(), i);
		proc_print(text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 1\nwp\t\t: yes\n");
		proc_print(text, "flags\t\t: fpu tsc msr pae cx8 apic cmov pat mmx fxsr sse sse2 syscall nx lm\n");
		proc_print(text, "bogomips\t: 2000.00\nclflush size\t: 64\ncache_alignment\t: 64\n");
		proc_print(text, "address sizes\t: 48 bits physical, 48 bits virtual\npower management:\n\n");
	}
	return 0;
}

/* ---- time ---- */

static int add_cpu_time(struct process *process, void *context)
{
	*(uint64_t *)context += process_cpu_ns(process);
	return 0;
}

static int count_process(struct process *process UNUSED, void *context)
{
	++*(unsigned *)context;
	return 0;
}

static int show_metrics(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	metrics_show(text);
	return 0;
}

/* Of those that live; what the others used is idle time here. */
static void measure_time(uint64_t *busy_ns, uint64_t *idle_ns)
{
	uint64_t all_ns = clock_ns() * cpus_told();

	*busy_ns = 0;
	process_foreach(add_cpu_time, busy_ns);
	*idle_ns = all_ns - min(*busy_ns, all_ns);
}

static int show_uptime(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	uint64_t up_ns = clock_ns(), busy_ns, idle_ns;

	measure_time(&busy_ns, &idle_ns);
	proc_print(text, "%llu.%02llu %llu.%02llu\n", (number_t)(up_ns / NSEC_PER_SEC),
		   (number_t)(up_ns / TICK_NS % 100), (number_t)(idle_ns / NSEC_PER_SEC),
		   (number_t)(idle_ns / TICK_NS % 100));
	return 0;
}

static int show_loadavg(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	unsigned count = 0;
	int last = 0;

	process_foreach(count_process, &count);
	for (int next = 0; (next = process_next(next)) >= 0; next++)
		last = next;
	proc_print(text, "0.00 0.00 0.00 1/%u %d\n", count, last);
	return 0;
}

static int show_stat(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	uint64_t busy_ns, idle_ns, switches = 0;
	unsigned count = 0;

	measure_time(&busy_ns, &idle_ns);
	process_foreach(count_process, &count);
	proc_print(text, "cpu  %llu 0 0 %llu 0 0 0 0 0 0\n", (number_t)(busy_ns / TICK_NS),
		   (number_t)(idle_ns / TICK_NS));
	for (unsigned i = 0; i < cpus_told(); i++) {
		proc_print(text, "cpu%u %llu 0 0 %llu 0 0 0 0 0 0\n", i, (number_t)(busy_ns / TICK_NS / cpus_told()),
			   (number_t)(idle_ns / TICK_NS / cpus_told()));
		switches += IS_ENABLED(CONFIG_FUZZ) ? 0 : cpus[i]->switches;
	}
	proc_print(text, "intr 0\nctxt %llu\nbtime %llu\nprocesses %u\nprocs_running 1\nprocs_blocked 0\n",
		   (number_t)switches, (number_t)((clock_realtime_ns() - clock_ns()) / NSEC_PER_SEC), count);
	return 0;
}

/* ---- what there is ---- */

static int show_filesystems(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	for (const struct filesystem *fs = filesystem_next(NULL); fs; fs = filesystem_next(fs))
		proc_print(text, "nodev\t%s\n", fs->name);
	return 0;
}

/* By number, whatever the linker's order was. */
static int show_devices(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	uint64_t last = 0;

	proc_print(text, "Character devices:\n");
	for (;;) {
		const struct char_device *next = NULL;

		LINKSET_FOREACH(char_device, const struct char_device, device) {
			uint64_t rdev = DEV_MAKE(device->major, device->minor);

			if (rdev > last && (!next || rdev < DEV_MAKE(next->major, next->minor)))
				next = device;
		}
		if (!next)
			break;
		last = DEV_MAKE(next->major, next->minor);
		proc_print(text, "%3u %s\n", next->major, next->name);
	}
	proc_print(text, "\nBlock devices:\n");
	return 0;
}

/* ---- links ---- */

static int link_self(char *buf, size_t size)
{
	const struct process *process = process_current();

	if (!process)
		return -ENOENT;
	format(buf, size, "%d", process->pid);
	return 0;
}

static int link_thread_self(char *buf, size_t size)
{
	const struct process *process = process_current();

	if (!process)
		return -ENOENT;
	format(buf, size, "%d/task/%d", process->pid, process_tid());
	return 0;
}

static int link_mounts(char *buf, size_t size)
{
	format(buf, size, "self/mounts");
	return 0;
}

static const struct proc_node entries[] = {
	PROC_FILE("cmdline", 0444, show_cmdline),
	PROC_FILE("cpuinfo", 0444, show_cpuinfo),
	PROC_FILE("devices", 0444, show_devices),
	PROC_FILE("filesystems", 0444, show_filesystems),
	PROC_FILE("loadavg", 0444, show_loadavg),
	PROC_FILE("meminfo", 0444, show_meminfo),
	PROC_FILE("metrics", 0444, show_metrics),
	PROC_LINK("mounts", link_mounts),
	PROC_DIR("net", 0555, proc_net_entries),
	PROC_LINK("self", link_self),
	PROC_FILE("stat", 0444, show_stat),
	PROC_DIR("sys", 0555, proc_sys_entries),
	PROC_LINK("thread-self", link_thread_self),
	PROC_FILE("uptime", 0444, show_uptime),
	PROC_FILE("version", 0444, show_version),
	{ .name = NULL },
};

const struct proc_node proc_root = {
	.name = "",
	.mode = S_IFDIR | 0555,
	.entries = entries,
	.numbers = &proc_pid_numbers,
};
