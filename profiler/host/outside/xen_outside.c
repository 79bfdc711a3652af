/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-outside: in a dom0, takes samples of a domain's CPU from outside and writes a recorder's stream of them to
 * standard output, until standard input ends. saki-domain starts it. How long the domain has run is what Xen says of
 * its CPU's time, so that neither its standing still nor others on the same CPU count.
 */
#include "../prof.h"
#include "job.h"
#include "look.h"

#include <errno.h>
#include <instrumentation/trace/host/foreign.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>

#include <xen/hvm/save.h> /* stands on xenctrl.h */

#define NSEC UINT64_C(1000000000)
#define DOMID_OURS 0
#define WEIGHT_MAX 65535
#define NAP_NS UINT64_C(300000)		/* at least, so that the domain runs where it shares our CPU */
#define PAGES_MAX (UINT64_C(4096) << 8)	/* 4 GiB */

static const char usage[] =
	"usage: saki-outside DOMAIN-NUMBER JOB-FILE\n"
	"\n"
	"Samples the domain, as the file says, until standard input ends; a stream on standard output.\n";

struct watched {
	xc_interface *xc;
	uint32_t domain;
	uint64_t samples, stopped_ns;
	struct look look;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

/* False: the domain is gone. */
static bool read_time(struct watched *w)
{
	xc_vcpuinfo_t info;

	if (xc_vcpu_getinfo(w->xc, w->domain, 0, &info))
		return false;
	w->look.ran_ns = info.cpu_time;
	return true;
}

/*
 * By what Xen would save of the CPU, which takes a tenth of the time that xc_vcpu_getcontext() does: what that asks for
 * is larger than a page, and libxencall keeps no such memory, so each call maps and unmaps it.
 */
static bool read_registers(struct watched *w, struct gdb_cpu *cpu)
{
	struct hvm_hw_cpu r;

	if (xc_domain_hvm_getcontext_partial(w->xc, w->domain, HVM_SAVE_CODE(CPU), 0, &r, sizeof(r)))
		return false;
	*cpu = (struct gdb_cpu){
		.registers = { [GDB_RAX] = r.rax,  [GDB_RDX] = r.rdx, [GDB_RCX] = r.rcx, [GDB_RBX] = r.rbx,
			       [GDB_RSI] = r.rsi,  [GDB_RDI] = r.rdi, [GDB_RBP] = r.rbp, [GDB_RSP] = r.rsp,
			       [GDB_R8] = r.r8,	   [GDB_R9] = r.r9,   [GDB_R10] = r.r10, [GDB_R11] = r.r11,
			       [GDB_R12] = r.r12,  [GDB_R13] = r.r13, [GDB_R14] = r.r14, [GDB_R15] = r.r15,
			       [GDB_RIP] = r.rip,  [GDB_CR3] = r.cr3, [GDB_GS_BASE] = r.gs_base },
	};
	return true;
}

static bool sample(struct watched *w)
{
	uint64_t stopped_ns = now_ns();
	struct gdb_cpu cpu;
	bool fine;

	if (xc_domain_pause(w->xc, w->domain))
		return false;
	fine = read_time(w) && read_registers(w, &cpu);
	if (fine)
		look_at(&w->look, &cpu, 1);
	if (xc_domain_unpause(w->xc, w->domain) || !fine)
		return false;
	w->stopped_ns += now_ns() - stopped_ns;
	w->samples++;
	return true;
}

/* Until the next sample may be due. False: the domain has ended. */
static bool nap(const struct watched *w)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t left = w->look.next_ns > w->look.ran_ns ? w->look.next_ns - w->look.ran_ns : 0;
	struct timespec time = { .tv_nsec = (long)(left < NAP_NS ? NAP_NS : left) };

	if (left >= NSEC)
		time = (struct timespec){ .tv_sec = 1 };
	return ppoll(&input, 1, &time, NULL) <= 0;
}

static void watch(struct watched *w)
{
	while (nap(w) && read_time(w))
		if (w->look.ran_ns >= w->look.next_ns && !sample(w))
			return;
}

/*
 * What our own domain weighs where the scheduler weighs domains (credit2): with no more than the one that is looked at
 * we would get the CPU when that has had its part, not when a sample is due. Returns what it was; 0: no weights here.
 */
static uint16_t weigh(const struct watched *w, uint16_t weight)
{
	struct xen_domctl_sched_credit2 own;
	uint16_t former;

	if (xc_sched_credit2_domain_get(w->xc, DOMID_OURS, &own))
		return 0;
	former = own.weight;
	own.weight = weight;
	return xc_sched_credit2_domain_set(w->xc, DOMID_OURS, &own) ? 0 : former;
}

static void tell(const struct watched *w)
{
	if (!w->samples)
		return;
	run_fail(0, "stopped the machine %" PRIu64 " times, about %.0f a second of its time, for %.2f ms each",
		 w->samples, 1e9 * (double)w->samples / (double)(w->look.ran_ns + 1),
		 (double)w->stopped_ns / (double)w->samples / 1e6);
}

static int read_job(const char *path, struct outside_job *job)
{
	FILE *file = fopen(path, "re");
	bool fine = file && fread(job, sizeof(*job), 1, file) == 1 && job->magic == JOB_MAGIC &&
		    job->size == sizeof(*job) && job->hz && job->stack_max <= TRACE_STACK_MAX;

	if (file)
		fclose(file);
	return fine ? 0 : run_fail(PROF_ENVIRONMENT, "%s: not what saki prof of the same build writes", path);
}

static int run(struct watched *w, const struct outside_job *job)
{
	struct foreign *foreign = foreign_open(w->domain, false, PAGES_MAX);
	char error[PROFILE_ERROR];
	uint16_t former;
	int err;

	w->xc = xc_interface_open(NULL, NULL, 0);
	if (!w->xc || !foreign)
		return run_fail(PROF_ENVIRONMENT, "no domain can be looked at: %s", strerror(errno));
	w->look.guest.layout = job->layout;
	w->look.guest.memory = (struct guest_memory){
		.bytes = foreign_memory(foreign), .size = FOREIGN_SIZE, .reach = foreign_reach, .context = foreign
	};
	if (look_begin(&w->look, STDOUT_FILENO, (unsigned)job->hz, job->stack_max, error))
		return run_fail(PROF_ENVIRONMENT, "%s", error);
	w->look.is_noticed = true;
	former = weigh(w, WEIGHT_MAX);
	watch(w);
	if (former)
		weigh(w, former);
	err = look_end(&w->look, true);
	tell(w);
	foreign_close(foreign);
	xc_interface_close(w->xc);
	return err ? run_fail(PROF_ENVIRONMENT, "the stream cannot be written: %s", strerror(err)) : 0;
}

int main(int argc, char **argv)
{
	static struct outside_job job;
	struct watched *w = memory_new(1, sizeof(*w));
	char *end = NULL;
	int status;

	w->domain = argc == 3 ? (uint32_t)strtoul(argv[1], &end, 10) : 0;
	if (!end || end == argv[1] || *end) {
		fputs(usage, stderr);
		return PROF_USAGE;
	}
	status = read_job(argv[2], &job);
	if (!status)
		status = run(w, &job);
	free(w);
	return status;
}
