/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-trace: records what happens in a machine, and writes it as other programs and people read it.
 */
#include <plat/run/image.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const char usage[] =
	"usage: saki trace record [-e EVENTS] [--functions NAMES [--graph]] [-o DIR] [--] [RUN OPTIONS]\n"
	"                         PROGRAM [ARGS...]\n"
	"       saki trace list [EVENTS]\n"
	"       saki trace text DIR [--event EVENTS] [--thread ID|NAME]\n"
	"       saki trace json DIR [-o FILE]\n"
	"       saki trace ctf DIR [-o FOLDER]\n"
	"       saki trace dat DIR [-o FILE]\n"
	"\n"
	"record runs a program as saki run does, and records what happens in the kernel meanwhile.\n"
	"  -e EVENTS          which events: names, GROUP:NAME, GROUP:* or *, with commas between; each may have\n"
	"                     conditions: 'syscall_exit?call==openat&result<0'. May be repeated\n"
	"                     (sched:*,syscall:*,irq:*,block:*,net:*,page_fault; none with --functions)\n"
	"  --chain EVENTS     those that are to tell by which calls they were reached\n"
	"  --functions NAMES  functions of the kernel, such as tcp_*,vfs_read; the image is preset profile then\n"
	"  --graph            their ends too, and how long they took\n"
	"  --ring SIZE        room for records, for each CPU (2M, which is the most)\n"
	"  --preset P         which build of the kernel (default)\n"
	"  -o DIR             the recording's folder (trace); what is there of an older one is written over\n"
	"list shows the events that there are, and their arguments. text shows a recording; json writes it for\n"
	"Perfetto and speedscope (standard output), ctf for babeltrace2 and Trace Compass (DIR/ctf), dat for\n"
	"trace-cmd report and KernelShark (DIR/trace.dat).\n"
	"\n"
	"exit status: record's are those of saki run (122 usage; 123 environment, also a kernel without TRACE);\n"
	"of the others: 0 done, 2 usage, 3 environment, or no recording\n"
	"\n"
	"example: saki trace record -e 'sched:*,syscall_exit?duration>1000000' busybox ls -l /\n"
	"         saki trace record --functions 'vfs_*' --graph -- --smp 2 busybox true\n";

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "record", cmd_record },
		{ "list", cmd_list },
		{ "text", cmd_text },
		{ "json", cmd_json },
		{ "ctf", cmd_ctf },
		{ "dat", cmd_dat },
	};

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return run_fail(EXIT_USAGE,
			argc > 1 ? "there is no command \"%s\"; see: saki trace --help"
				 : "which command? See: saki trace --help",
			argc > 1 ? argv[1] : "");
}
