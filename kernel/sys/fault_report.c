/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said of a program that the CPU stopped: the signal, the reason, and the place as addr2line wants it.
 */
#include <arch/arch.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/vfs.h>

#include "signal_internal.h"

struct reason {
	int signo, code; /* code 0: any */
	const char *signal, *text;
	bool has_address;
};

static const struct reason reasons[] = {
	{ SIGSEGV, SEGV_MAPERR, "SIGSEGV", "nothing is mapped at", true },
	{ SIGSEGV, SEGV_ACCERR, "SIGSEGV", "no such right at", true },
	{ SIGSEGV, 0, "SIGSEGV", "an instruction or an address that programs may not use", false },
	{ SIGBUS, BUS_ADRERR, "SIGBUS", "the mapped file has no page for", true },
	{ SIGBUS, 0, "SIGBUS", "an unaligned address", false },
	{ SIGFPE, FPE_INTDIV, "SIGFPE", "division by zero, or its result is too large", false },
	{ SIGFPE, 0, "SIGFPE", "a floating-point exception", false },
	{ SIGILL, 0, "SIGILL", "no such instruction", false },
	{ SIGTRAP, 0, "SIGTRAP", "a breakpoint, or one step", false },
	{ SIGKILL, 0, "SIGKILL", "there is no memory for", true },
};

static const struct reason *reason_of(int signo, int code)
{
	static const struct reason unknown = { 0, 0, "a signal", "fault at", true };

	for (size_t i = 0; i < array_size(reasons); i++)
		if (reasons[i].signo == signo && (!reasons[i].code || reasons[i].code == code))
			return &reasons[i];
	return &unknown;
}

/* "/lib/libc.so.6+0x1234": which file, and where in it. "" where no file is mapped. */
static void describe_place(char *text, size_t size, uint64_t pc)
{
	struct aspace *as = aspace_current();
	char *room = heap_alloc(PATH_MAX);
	struct region region;

	text[0] = '\0';
	if (room && as && aspace_region_after(as, pc, &region)) {
		if (region.file && region.start <= pc)
			format(text, size, " (%s+0x%llx)", file_name(region.file, room, PATH_MAX),
			       (unsigned long long)(pc - region.start + (uint64_t)region.offset));
		if (region.file)
			file_put(region.file);
	}
	heap_free(room);
}

void fault_report(const struct process *process, uint64_t pc, int signo, int code, uint64_t address)
{
	const struct reason *reason = reason_of(signo, code);
	char place[128], at[32] = "";

	describe_place(place, sizeof(place), pc);
	if (reason->has_address)
		format(at, sizeof(at), " %llx", (unsigned long long)address);
	log_error("%s: killed by %s at pc %llx%s: %s%s", process->name, reason->signal, (unsigned long long)pc, place,
		  reason->text, at);
}
