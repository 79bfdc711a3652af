/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of CPUs. The boot CPU and its thread need no allocation: they are valid from the first instruction of C.
 */
#include "sched_internal.h"

#define BOOT_CPU_ID 0

static struct cpu boot_cpu = {
	.self = &boot_cpu,
	.thread = &boot_thread,
	.running = &boot_thread,
	.id = BOOT_CPU_ID,
	.run_queue = LIST_INIT(boot_cpu.run_queue),
	.timers = LIST_INIT(boot_cpu.timers),
	.timer_first_ns = UINT64_MAX,
	.timer_armed_ns = UINT64_MAX,
};

SEALED struct cpu *cpus[CPUS_MAX] = { &boot_cpu };
SEALED unsigned cpu_count = 1;
uint64_t cpus_online = UINT64_C(1) << BOOT_CPU_ID;

struct thread boot_thread = {
	.cpu = &boot_cpu,
	.state = THREAD_READY,
	.run_node = LIST_INIT(boot_thread.run_node),
	.exited = WAIT_QUEUE_INIT(boot_thread.exited),
	.refs = 1,
	.id = 1,
	.affinity = UINT64_MAX,
	.name = "boot",
};
