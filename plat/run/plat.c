/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was asked for and a machine does not have.
 */
#include "lab.h"
#include "run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int plat_is_xen(const struct run_options *o)
{
	return !strcmp(o->plat, "xen");
}

int records_fd_parse(const char *text, int *fd)
{
	char *end;
	long n = strtol(text, &end, 10);
	int flags = end == text || *end || n < 0 || n > INT_MAX ? -1 : fcntl((int)n, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return run_fail(RUN_USAGE, "--records-fd %s: the number of a file that is open for writing", text);
	fcntl((int)n, F_SETFD, FD_CLOEXEC);
	*fd = (int)n;
	return 0;
}

int plat_check(const struct run_options *o)
{
	if (o->memory_fd >= 0 && o->prepare)
		return run_fail(RUN_USAGE, "--memory-fd: --prepare boots no machine that could have it");
	if (o->outside && o->records_fd < 0)
		return run_fail(RUN_USAGE, "--outside: and where to? See --records-fd");
	if (plat_is_xen(o)) {
		const char *no = o->cpus > 1                              ? "--smp"
				 : o->cpu                                 ? "--cpu"
				 : o->memory_fd >= 0 && o->records_fd < 0 ? "--memory-fd"
				 : o->gdb_socket                          ? "--gdb-socket"
				 : o->plugin                              ? "--qemu-plugin"
				 : o->gdb                                 ? "--gdb"
				 : o->virtio_console                      ? "--console virtio"
				 : o->balloon                             ? "--balloon"
				 : o->volume_count                        ? "--volume"
				 : o->disk.is_nvme                        ? "--disk nvme"
				 : o->net_is_e1000                        ? "--net e1000"
									  : NULL;

		if (no)
			return run_fail(RUN_USAGE, "%s: there is none on xen", no);
		return o->net && dom0_is_here() ? run_fail(RUN_USAGE, "--net: only in the lab, not in a dom0") : 0;
	}
	if (o->outside)
		return run_fail(RUN_USAGE, "--outside: only on xen");
	if (o->disk.is_nvme && !strcmp(o->plat, "microvm"))
		return run_fail(RUN_USAGE, "--disk nvme: microvm has no PCI; see --plat");
	if (o->net_is_e1000 && !strcmp(o->plat, "microvm"))
		return run_fail(RUN_USAGE, "--net e1000: microvm has no PCI; see --plat");
	return 0;
}
