/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are in a kernel's memory, as its own debug information and symbols say.
 */
#pragma once

#include "../profile.h"

#include "guest_memory.h"

/* Members of structures of the kernel's; which, see layout.c. Those of struct arch_regs are in DWARF's order. */
enum member {
	CPU_THREAD,
	CPU_RUNNING,
	CPU_IDLE,
	CPU_ID,
	CPU_USER_SP,
	CPU_IST,
	THREAD_STACK_BASE,
	THREAD_STACK_SIZE,
	THREAD_ALT_LOW,
	THREAD_ALT_HIGH,
	THREAD_PROCESS,
	THREAD_ID,
	THREAD_NAME,
	PROCESS_PID,
	PROCESS_HAS_CODE,
	PROCESS_ASPACE,
	PROCESS_PROGRAM,
	PROCESS_NAME,
	ASPACE_REGIONS,
	ASPACE_COUNT,
	REGION_NODE,
	REGION_START,
	REGION_END,
	REGION_PROT,
	REGION_FILE,
	REGION_OFFSET,
	FILE_DENTRY,
	FILE_MOUNT,
	DENTRY_PARENT,
	DENTRY_NAME,
	DENTRY_NAME_LEN,
	MOUNT_PARENT,
	MOUNT_MOUNTPOINT,
	MOUNT_ROOT,
	REGS_RAX,
	REGS_RDX,
	REGS_RCX,
	REGS_RBX,
	REGS_RSI,
	REGS_RDI,
	REGS_RBP,
	REGS_RSP,
	REGS_R8,
	REGS_R9,
	REGS_R10,
	REGS_R11,
	REGS_R12,
	REGS_R13,
	REGS_R14,
	REGS_R15,
	REGS_RIP,
	REGS_LAST,		/* what ends the structure */
	MEMBERS
};

struct layout {
	struct {
		uint32_t offset, size;
	} members[MEMBERS];
	uint64_t regs_size;				/* of struct arch_regs */
	uint64_t text_start, text_end;
	uint64_t entry_start, entry_end;		/* where the kernel is entered, and registers are saved */
	uint64_t syscall_start, syscall_end;		/* the part that system calls go through */
	uint64_t quick_start, quick_end;		/* the part of it that saves no registers */
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_size;
};

/* Of a kernel's file. @return 0, or -1 with one line in error (PROFILE_ERROR bytes). */
int layout_read(struct layout *layout, const char *path, char *error);

/* A member of the structure at base, as an unsigned number; false: it cannot be read. */
bool layout_get(const struct layout *layout, struct guest_memory *memory, uint64_t base, enum member member,
		uint64_t *value);
