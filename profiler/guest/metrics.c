/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows the metrics to the host (profiler/abi/metrics.h): a table that says where everything is, once at boot. They go
 * on being counted where they are; nothing is copied.
 */
#include <kernel/boot.h>
#include <kernel/metrics.h>
#include <profiler/abi/metrics.h>

static struct metrics_table table;

static int publish(void)
{
	struct metrics_beacon *beacon = arch_phys_to_virt(METRICS_BEACON);

	table.version = METRICS_VERSION;
	table.size = sizeof(table);
	table.virtual_base = (uintptr_t)&table - arch_virt_to_phys(&table);
	table.entries = arch_virt_to_phys(__start_metric_set);
	table.entry_count = (uint32_t)(__stop_metric_set - __start_metric_set);
	table.entry_size = sizeof(struct metric);
	table.cells = (uintptr_t)metric_cells_start;
	table.cells_size = (uint64_t)(metric_cells_end - metric_cells_start);
	table.cpu_count = cpu_count;
	for (unsigned i = 0; i < cpu_count; i++)
		table.cpu_cells[i] = arch_virt_to_phys(metrics_cells(cpus[i]));
	beacon->table = arch_virt_to_phys(&table);
	atomic_store(&beacon->magic, METRICS_MAGIC);
	return 0;
}
INIT_CALL(INIT_LATE, publish);
