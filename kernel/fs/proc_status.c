/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/PID/stat and status: one line for programs, many for people (who have written programs that read them). Formats
 * and order of the fields are those of proc(5).
 */
#include <kernel/abi/resource.h>
#include <kernel/aspace.h>
#include <kernel/clock.h>
#include <kernel/string.h>
#include <kernel/time.h>

#include "proc.h"

#define TICK_NS (NSEC_PER_SEC / 100)
#define PRIORITY_DEFAULT 20

typedef unsigned long long number_t;

struct picture {
	struct process_info info;
	struct proc_memory memory;
	struct aspace_layout layout;
	uint64_t brk_start;
	bool has_memory;
	unsigned umask, fd_size;
};

static int take(const struct proc_subject *subject, struct picture *picture)
{
	struct aspace *as = proc_aspace(subject->process);

	*picture = (struct picture){ .has_memory = as };
	if (as) {
		proc_measure(as, &picture->memory);
		picture->layout = as->layout;
		picture->brk_start = as->brk_start;
		aspace_put(as);
	}
	if (process_hold(subject->process)) {
		picture->umask = subject->process->fs ? subject->process->fs->umask : 0;
		picture->fd_size = subject->process->fds ? subject->process->fds->size : 0;
		process_unhold();
	}
	return process_info(subject->process, subject->tid, &picture->info);
}

/* ---- stat ---- */

static void stat_identity(struct proc_text *text, const struct process *p, int id, char state)
{
	proc_print(text, "%d (%s) %c %d %d %d 0 -1 0 0 0 0 0 ", id, p->name, state, p->ppid, p->pgid, p->sid);
}

static int64_t priority(const struct process *p)
{
	if (p->sched_policy == SCHED_FIFO || p->sched_policy == SCHED_RR)
		return -1 - p->sched_priority;
	return PRIORITY_DEFAULT + p->nice;
}

static void stat_times(struct proc_text *text, const struct process *p, const struct process_info *info)
{
	proc_print(text, "%llu 0 %llu 0 %lld %d %u 0 %llu ", (number_t)(info->cpu_ns / TICK_NS),
		   (number_t)(p->children_cpu_ns / TICK_NS), (long long)priority(p), p->nice, info->threads,
		   (number_t)(p->start_ns / TICK_NS));
}

static void stat_memory(struct proc_text *text, const struct process *p, const struct picture *picture, bool may_look)
{
	proc_print(text, "%llu %llu %llu 1 1 %llu 0 0 ", (number_t)(picture->memory.total * PAGE_SIZE),
		   (number_t)picture->memory.resident, (number_t)p->rlimits[RLIMIT_RSS].current,
		   (number_t)(may_look ? picture->layout.stack_start : 0));
}

/* Of each set what fits into 31 bits, as it has been since before there were more signals. */
static void stat_signals(struct proc_text *text, const struct process_info *info)
{
	proc_print(text, "%llu %llu %llu %llu 0 0 0 ", (number_t)(info->pending & INT32_MAX),
		   (number_t)(info->blocked & INT32_MAX), (number_t)(info->ignored & INT32_MAX),
		   (number_t)(info->caught & INT32_MAX));
}

static void stat_rest(struct proc_text *text, const struct process *p, const struct picture *picture, bool may_look)
{
	static const struct aspace_layout nothing;
	const struct aspace_layout *l = may_look ? &picture->layout : &nothing;

	proc_print(text, "%d 0 %d %d 0 0 0 0 0 %llu %llu %llu %llu %llu %d\n", p->exit_signal, p->sched_priority,
		   p->sched_policy, (number_t)(may_look ? picture->brk_start : 0), (number_t)l->arg_start,
		   (number_t)l->arg_end, (number_t)l->env_start, (number_t)l->env_end, may_look ? p->status : 0);
}

int proc_show_stat(struct proc_text *text, const struct proc_subject *subject)
{
	const struct process *p = subject->process;
	bool may_look = !proc_may_look(subject->process);
	struct picture picture;
	int err = take(subject, &picture);

	if (err)
		return err;
	stat_identity(text, p, subject->tid ? subject->tid : p->pid, picture.info.state);
	stat_times(text, p, &picture.info);
	stat_memory(text, p, &picture, may_look);
	stat_signals(text, &picture.info);
	stat_rest(text, p, &picture, may_look);
	return 0;
}

/* ---- status ---- */

static const char *state_name(char state)
{
	switch (state) {
	case 'S':
		return "sleeping";
	case 'T':
		return "stopped";
	case 'Z':
		return "zombie";
	default:
		return "running";
	}
}

static void status_identity(struct proc_text *text, const struct process *p, int id, const struct picture *picture)
{
	char state = picture->info.state;

	proc_print(text, "Name:\t");
	proc_put_escaped(text, p->name, "\\");
	proc_print(text, "\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   picture->umask, state, state_name(state), p->pid, id, p->ppid);
}

static void status_user(struct proc_text *text, const struct process *p)
{
	const struct credentials *c = &p->cred;

	proc_print(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t", c->uid, c->euid, c->suid, c->fsuid,
		   c->gid, c->egid, c->sgid, c->fsgid);
}

static void status_groups(struct proc_text *text, const struct process *p, unsigned fd_size)
{
	proc_print(text, "%u\nGroups:\t", fd_size);
	for (uint32_t i = 0; i < p->cred.group_count; i++)
		proc_print(text, "%u ", p->cred.groups[i]);
	proc_print(text, " \n");
}

static void put_size(struct proc_text *text, const char *name, uint64_t pages)
{
	proc_print(text, "%s:\t%8llu kB\n", name, (number_t)(pages * (PAGE_SIZE / KIB)));
}

static void status_memory(struct proc_text *text, const struct proc_memory *m)
{
	put_size(text, "VmPeak", m->total);
	put_size(text, "VmSize", m->total);
	put_size(text, "VmLck", m->locked);
	put_size(text, "VmPin", 0);
	put_size(text, "VmHWM", m->resident);
	put_size(text, "VmRSS", m->resident);
	put_size(text, "RssAnon", m->resident - min(m->shared, m->resident));
	put_size(text, "RssFile", 0);
	put_size(text, "RssShmem", min(m->shared, m->resident));
	put_size(text, "VmData", m->data);
	put_size(text, "VmStk", m->stack);
	put_size(text, "VmExe", m->code);
	put_size(text, "VmLib", m->libraries);
	put_size(text, "VmPTE", 0);
	put_size(text, "VmSwap", 0);
}

static void status_signals(struct proc_text *text, const struct process *p, const struct process_info *info)
{
	proc_print(text, "Threads:\t%u\nSigQ:\t0/%llu\nSigPnd:\t%016llx\nShdPnd:\t%016llx\n", info->threads,
		   (number_t)p->rlimits[RLIMIT_SIGPENDING].current, (number_t)info->pending,
		   (number_t)info->shared_pending);
	proc_print(text, "SigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n", (number_t)info->blocked,
		   (number_t)info->ignored, (number_t)info->caught);
}

static void status_rights(struct proc_text *text, const struct process *p)
{
	const struct credentials *c = &p->cred;

	proc_print(text, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		   (number_t)c->cap_inheritable, (number_t)c->cap_permitted, (number_t)c->cap_effective,
		   (number_t)c->cap_bounding, 0ULL);
	proc_print(text, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", p->no_new_privs);
}

int proc_show_status(struct proc_text *text, const struct proc_subject *subject)
{
	const struct process *p = subject->process;
	struct picture picture;
	int err = take(subject, &picture);

	if (err)
		return err;
	status_identity(text, p, subject->tid ? subject->tid : p->pid, &picture);
	status_user(text, p);
	status_groups(text, p, picture.fd_size);
	if (picture.has_memory)
		status_memory(text, &picture.memory);
	status_signals(text, p, &picture.info);
	status_rights(text, p);
	proc_print(text, "voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n");
	return 0;
}
