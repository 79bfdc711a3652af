/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vm world's machine: a QEMU that boots saki.elf, with the memory file as its RAM.
 */
#include <plat/run/qemu.h>
#include <stdio.h>

#include "machine.h"

pid_t machine_spawn_vm(struct machine *machine, int log_fd, char *error)
{
	struct qemu_options options = QEMU_OPTIONS_DEFAULT;
	char line[MACHINE_LINE], reason[QEMU_ERROR];
	pid_t pid;

	snprintf(line, sizeof(line), "harness=%s%s%s", machine->options.harness, machine->options.append ? " " : "",
		 machine->options.append ? machine->options.append : "");
	if (machine->options.plat)
		options.plat = machine->options.plat;
	options.kernel = machine->image;
	options.command_line = line;
	options.memory_bytes = machine->memory_size;
	options.memory_fd = machine->memory_fd;
	options.log_fd = log_fd;
	options.message_fd = log_fd;
	pid = qemu_start(&options, reason);
	if (pid < 0)
		snprintf(error, MACHINE_ERROR, "%s", reason);
	return pid;
}
