/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-prof: looks at a program that runs on the Saki kernel. One subcommand a way to look.
 */
#include "prof.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: saki prof record [-F HZ] [-o FILE] [--event EVENT|--nmi|--outside] [--] [RUN OPTIONS]\n"
	"                        PROGRAM [ARGS...]\n"
	"       saki prof report|flame|folded|speedscope|pprof [--event NAME] [--live|--wakers]\n"
	"                        [-o OUT] [FILE]\n"
	"       saki prof count [--json] [--top N] [-o FILE] [--] [RUN OPTIONS] PROGRAM [ARGS...]\n"
	"       saki prof boot [--json] [--min MS] [-o FILE.svg] [--] [RUN OPTIONS] PROGRAM [ARGS...]\n"
	"       saki prof diff [-o OUT] BEFORE AFTER\n"
	"       saki prof metrics [--json] [-o FILE] [--] [RUN OPTIONS] PROGRAM [ARGS...]\n"
	"\n"
	"Runs PROGRAM as `saki run` does (see saki run --help for its options), and looks at it from outside.\n"
	"\n"
	"  record     samples the kernel and the program, with their calls, into FILE (perf.data), which has the\n"
	"             form of Linux' perf; the programs and libraries that ran go into FILE.debug. EVENT is cpu\n"
	"             (HZ times a second, 999), where threads wait (offcpu, lock), what the kernel allocates\n"
	"             (alloc), where memory is made (fault), or system calls (syscall)\n"
	"             --stack BYTES of the program's stack with each (8192); --ring SIZE of each CPU's ring (2M);\n"
	"             --preset P: which build of the kernel (default). --nmi: samples by interrupts that nothing puts\n"
	"             off. --outside: nothing in the guest takes samples; its QEMU is stopped (on Xen, the domain),\n"
	"             and its memory read\n"
	"  report     tables of functions, objects and threads, and what EVENT has beside; --top N rows (20), --json\n"
	"  flame      a flame graph, SVG\n"
	"  diff       a flame graph of AFTER, coloured by what has changed since BEFORE; -o X.folded: as text\n"
	"  folded     a line a call chain, for other tools\n"
	"  speedscope JSON of speedscope's; --open: and a page that shows it, without a network\n"
	"  pprof      a profile for go tool pprof (profile.pb.gz)\n"
	"             FILE may be one of Linux' perf record -g, too. --live: of alloc, what was not given back.\n"
	"             --wakers (not report): of offcpu, what ended each wait, and what that had waited for, on top\n"
	"  count      how many instructions the kernel's and the program's functions executed, counted by a plugin of\n"
	"             QEMU's emulator; -o FILE: also as perf.data, for report\n"
	"  boot       where the time went from saki run's start to the program's first instruction: QEMU, firmware,\n"
	"             the kernel's phases, init calls and drivers that took MS milliseconds (0.1) or more, dynamic\n"
	"             linker; after the program's own output. -o FILE.svg: also as a picture; --json: one object\n"
	"  metrics    what the kernel has counted, when the program has ended: Prometheus's text format on standard\n"
	"             output, after the program's own, or in FILE; --json: one object on one line\n"
	"\n"
	"exit status: of record and boot saki run's, which is the program's; else 0 done, 1 nothing to show;\n"
	"123 environment (no machine, a file that cannot be read or written); 122 usage\n"
	"\n"
	"example: saki prof record -- --smp 2 python3 -c 'print(sum(range(10**7)))' && saki prof report\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "record", cmd_record },   { "report", cmd_report },
	{ "count", cmd_count },	    { "boot", cmd_boot },
	{ "flame", cmd_flame },	    { "diff", cmd_diff },
	{ "folded", cmd_folded },   { "speedscope", cmd_speedscope },
	{ "pprof", cmd_pprof },     { "metrics", cmd_metrics },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return run_fail(PROF_USAGE, "a command is wanted; see: saki prof --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return run_fail(PROF_USAGE, "%s: not a command; see: saki prof --help", argv[1]);
}
