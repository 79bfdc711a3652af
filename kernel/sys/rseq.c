/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restartable sequences: pieces of a program that either run to their end on one CPU, undisturbed, or begin again
 * (Linux, Documentation/userspace-api/rseq.rst). A thread registers an area that names its CPU and the section that it
 * is in; whoever takes the CPU away, or runs a handler, has the section looked at before the program goes on.
 */
#include <arch/arch.h>
#include <kernel/abi/rseq.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/signal.h>
#include <kernel/thread.h>
#include <kernel/user.h>

#include "rseq.h"
#include "sys_internal.h"
#include "task.h"

/* In an image for fuzzing there is one CPU to be seen, whichever it is. */
static uint32_t cpu_to_tell(void)
{
	return IS_ENABLED(CONFIG_FUZZ) ? 0 : atomic_load_relaxed(&thread_current()->cpu)->id;
}

static int tell_cpu(struct rseq *rseq, uint32_t start, uint32_t cpu)
{
	const uint32_t ids[2] = { start, cpu };

	if (process_copy_out(rseq->area, ids, sizeof(ids)))
		return -EFAULT;
	rseq->cpu_told = cpu;
	return 0;
}

/* A section that is what it should be lies in the program's memory, and its handler outside of it, behind its mark. */
static bool is_sound(const struct abi_rseq_cs *cs, uint32_t signature)
{
	uint32_t mark;

	if (cs->version || cs->flags || cs->start_ip >= USER_END || cs->abort_ip >= USER_END ||
	    cs->post_commit_offset >= USER_END - cs->start_ip)
		return false;
	if (cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return false;
	return !process_copy_in(&mark, cs->abort_ip - sizeof(mark), sizeof(mark)) && mark == signature;
}

/* 0, or -EINVAL and -EFAULT: the program has broken the rules. */
static int leave_section(const struct rseq *rseq, struct arch_regs *regs)
{
	const user_ptr_t where = rseq->area + offsetof(struct abi_rseq, rseq_cs);
	const uint64_t none = 0;
	struct abi_rseq_cs cs;
	uint64_t section;

	if (process_copy_in(&section, where, sizeof(section)))
		return -EFAULT;
	if (!section)
		return 0;
	if (process_copy_in(&cs, section, sizeof(cs)))
		return -EFAULT;
	if (!is_sound(&cs, rseq->signature))
		return -EINVAL;
	if (process_copy_out(where, &none, sizeof(none)))
		return -EFAULT;
	if (arch_regs_pc(regs) - cs.start_ip < cs.post_commit_offset)
		arch_regs_set_pc(regs, cs.abort_ip);
	return 0;
}

bool rseq_resume(struct arch_regs *regs)
{
	struct rseq *rseq = &task_current()->rseq;
	uint64_t pc = arch_regs_pc(regs);
	uint32_t cpu = cpu_to_tell();

	if (!rseq->area)
		return false;
	if (leave_section(rseq, regs) || (rseq->cpu_told != cpu && tell_cpu(rseq, cpu, cpu))) {
		log_error("%s: killed by SIGSEGV: its restartable sequence is none", process_current()->name);
		process_exit(SIGSEGV);
	}
	return arch_regs_pc(regs) != pc;
}

void rseq_inherit(struct task *child, bool shares_memory)
{
	child->rseq = shares_memory ? (struct rseq){ 0 } : task_current()->rseq;
}

static long unregister(struct rseq *rseq, user_ptr_t area, uint32_t signature)
{
	if (!rseq->area || rseq->area != area)
		return -EINVAL;
	if (rseq->signature != signature)
		return -EPERM;
	if (tell_cpu(rseq, 0, RSEQ_CPU_ID_UNINITIALIZED))
		return -EFAULT;
	rseq->area = 0;
	return 0;
}

SYSCALL(rseq, user_ptr_t area, uint32_t len, int flags, uint32_t signature)
{
	struct rseq *rseq = &task_current()->rseq;
	uint32_t cpu = cpu_to_tell();

	if (flags & ~RSEQ_FLAG_UNREGISTER || len != sizeof(struct abi_rseq))
		return -EINVAL;
	if (flags)
		return unregister(rseq, area, signature);
	if (rseq->area && rseq->area == area)
		return rseq->signature == signature ? -EBUSY : -EPERM;
	if (rseq->area || !is_aligned(area, sizeof(struct abi_rseq)))
		return -EINVAL;
	if (!user_ok(area, len))
		return -EFAULT;
	*rseq = (struct rseq){ .area = area, .signature = signature };
	if (!tell_cpu(rseq, cpu, cpu))
		return 0;
	rseq->area = 0;
	return -EFAULT;
}
