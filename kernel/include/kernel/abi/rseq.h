/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restartable sequences, as Linux's include/uapi/linux/rseq.h has them.
 */
#pragma once

#include <kernel/types.h>

#define RSEQ_FLAG_UNREGISTER 1
#define RSEQ_CPU_ID_UNINITIALIZED UINT32_MAX

/* What a thread registers: its first version, which is all of it that the kernel writes. */
struct abi_rseq {
	uint32_t cpu_id_start, cpu_id;
	uint64_t rseq_cs; /* the address of what follows, or 0 */
	uint32_t flags;
	uint32_t pad[3];
};

/* A critical section: begins again at abort_ip when it was left before its end. */
struct abi_rseq_cs {
	uint32_t version, flags;
	uint64_t start_ip, post_commit_offset, abort_ip;
};
