/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sampler: a timer on each CPU that writes down where the interrupt came. What runs with interrupts off is seen
 * where it puts them on again; while a CPU is idle the sampler's time stands still, or whoever runs first after that
 * would be taken for who used it. A sample that comes late stands for the periods that it has missed.
 *
 * By non-maskable interrupts (prof.nmi), where the machine has a source of them, nothing stays unseen.
 */
#include <instrumentation/trace/trace.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/linkset.h>
#include <kernel/log.h>
#include <kernel/profile.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#define HZ_MAX 10000
#define LATE_TRIES 16	/* a period */

static struct sampler {
	struct timer timer;
	uint64_t next_ns;	/* of busy time; by NMIs: when the last one was */
} samplers[CPUS_MAX];

static uint64_t period_ns;
static bool by_nmi;

static bool is_idle(const struct cpu *cpu)
{
	return cpu->running == cpu->idle;
}

/* How long a CPU has had something to do. */
static uint64_t busy_ns(const struct cpu *cpu, uint64_t now)
{
	if (!cpu->idle)
		return now;
	return (is_idle(cpu) ? cpu->idle->switched_in_ns : now) - cpu->idle->cpu_ns;
}

static void sample(uint64_t periods)
{
	const struct arch_regs *regs = arch_cpu()->irq_regs;
	const uint64_t words[] = { periods * period_ns };

	if (regs)
		trace_emit_at(TRACE_sample, words, array_size(words), regs);
}

static void fire(struct timer *timer)
{
	struct sampler *sampler = container_of(timer, struct sampler, timer);
	const struct cpu *cpu = arch_cpu();
	uint64_t now = clock_ns(), busy = busy_ns(cpu, now);

	if (busy >= sampler->next_ns && !is_idle(cpu)) {
		uint64_t periods = 1 + (busy - sampler->next_ns) / period_ns;

		sample(periods);
		sampler->next_ns += periods * period_ns;
	}
	/* Of an idle CPU that is late it is asked again as soon as that may have changed. */
	timer_arm(timer, now + (busy < sampler->next_ns ? sampler->next_ns - busy : period_ns / LATE_TRIES));
}

/* Comes to all CPUs at once, wherever they are. */
static void nmi(const struct arch_regs *regs)
{
	struct cpu *cpu = arch_cpu();
	struct sampler *sampler = &samplers[cpu->id];
	uint64_t period = atomic_load(&period_ns), now = clock_ns();
	uint64_t passed = sampler->next_ns ? now - sampler->next_ns : period;
	const uint64_t words[] = { max((passed + period / 2) / period, (uint64_t)1) * period };

	/* Here: when the last one was. */
	sampler->next_ns = now;
	if (!is_idle(cpu))
		trace_emit_at(TRACE_sample, words, array_size(words), regs);
}

void profiler_start_cpu(void)
{
	struct sampler *sampler = &samplers[arch_cpu()->id];

	if (!period_ns || by_nmi)
		return;
	timer_init(&sampler->timer, fire);
	sampler->timer.deferrable = true;
	sampler->next_ns = busy_ns(arch_cpu(), clock_ns()) + period_ns;
	timer_arm(&sampler->timer, clock_ns() + period_ns);
}

/* CPUs that start do so without. */
void profiler_start(void)
{
	uint64_t hz = by_nmi ? NSEC_PER_SEC / period_ns : 0;

	if (!by_nmi)
		return;
	arch_set_nmi(nmi);
	if (!plat->nmi_start || plat->nmi_start(&hz))
		log_warning("command line: prof.nmi: this machine has no such interrupt, and is not sampled");
	else
		atomic_store(&period_ns, NSEC_PER_SEC / hz);
}

static int sampler_init(void)
{
	uint64_t hz = boot_option_number("prof", 0);
	char word[8];

	if (hz > HZ_MAX) {
		log_warning("command line: prof=%lu: at most %u samples a second", hz, HZ_MAX);
		hz = HZ_MAX;
	}
	if (!hz || !trace_is_on())
		return 0;
	by_nmi = boot_option("prof.nmi", word, sizeof(word)) >= 0;
	period_ns = NSEC_PER_SEC / hz;
	profiler_start_cpu();
	return 0;
}
INIT_CALL(INIT_CORE, sampler_init);
