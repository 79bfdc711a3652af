/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said of a program that the CPU stopped: the signal, the reason, and the place as addr2line wants it.
 */
#include <arch/arch.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/user.h>
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
	{ SIGBUS, BUS_ADRALN, "SIGBUS", "an unaligned address", false },
	{ SIGBUS, 0, "SIGBUS", "an address by the stack or frame pointer that is none", false },
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

#define E_TYPE 16 /* of the ELF header (System V ABI, chapter 4) */
#define ET_EXEC 2

/*
 * What was added to the addresses in a file that runs: where its start is mapped, but for one that is linked for its
 * place. False: its start is not mapped.
 */
static bool load_bias(struct aspace *as, const struct inode *inode, uint64_t *bias)
{
	struct region region;
	bool found = false;

	for (uint64_t at = 0; !found && aspace_region_after(as, at, &region); at = region.end) {
		uint16_t type;

		if (region.file && region.file->inode == inode && !region.offset) {
			found = true;
			*bias = !user_read(&type, region.start + E_TYPE) && type == ET_EXEC ? 0 : region.start;
		}
		if (region.file)
			file_put(region.file);
	}
	return found;
}

/* "/lib/libc.so.6+0x1234": which file, and the address in it that addr2line knows. "" where no file is mapped. */
static void describe_place(char *text, size_t size, uint64_t pc)
{
	struct aspace *as = aspace_current();
	char *room = heap_alloc(PATH_MAX);
	struct region region;
	uint64_t bias;

	text[0] = '\0';
	if (room && as && aspace_region_after(as, pc, &region)) {
		if (region.file && region.start <= pc && load_bias(as, region.file->inode, &bias))
			format(text, size, " (%s+0x%llx)", file_name(region.file, room, PATH_MAX),
			       (unsigned long long)(pc - bias));
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
