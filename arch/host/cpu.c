/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one CPU of the host world: start, interrupt flag and the timer interrupt, which comes only at interrupt points.
 */
#include <kernel/clock.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include "host_internal.h"
#include "os/arch_host_abi.h"

/* While nobody waits for the timer, the console is still to be asked now and then. */
#define IDLE_SLEEP_NS (10 * NSEC_PER_MSEC)

/* Until arch_cpu_init() has been called. */
static struct arch_cpu early_state;

struct cpu *arch_host_cpu;
struct arch_cpu *arch_host_state = &early_state;
phys_t arch_host_image_phys;

void arch_cpu_init(struct cpu *cpu)
{
	cpu->self = cpu;
	cpu->arch = (struct arch_cpu){
		.timer_ns = UINT64_MAX,
		.stack = arch_host_state->stack,
		.cached.virt = 1,
	};
	arch_host_cpu = cpu;
	arch_host_state = &cpu->arch;
	os_signals_init();
}

bool arch_cpu_is_told(void)
{
	return false;
}

/* Programs have no code here. */
const void *arch_vdso(size_t *size UNUSED)
{
	return NULL;
}

int arch_memory_init(void)
{
	return 0;
}

void arch_host_timer_arm(uint64_t deadline_ns)
{
	arch_host_state->timer_ns = deadline_ns;
	if (deadline_ns != UINT64_MAX && clock_is_virtual())
		os_tick_start();
}

static void timer_deliver(struct cpu *cpu)
{
	arch_irq_disable();
	cpu->arch.timer_ns = UINT64_MAX;
	cpu->irq_depth++;
	timer_interrupt();
	cpu->irq_depth--;
	if (cpu->need_resched && cpu->preempt_count == 0 && cpu->irq_depth == 0)
		thread_preempt();
	arch_irq_enable();
}

void arch_host_timer_poll(uint64_t now_ns)
{
	if (now_ns >= arch_host_state->timer_ns && arch_host_state->irq_enabled)
		timer_deliver(arch_host_cpu);
}

void arch_host_relax(void)
{
	arch_host_timer_poll(plat->clock_ns());
}

void arch_irq_wait(void)
{
	uint64_t now = plat->clock_ns(), due = arch_host_state->timer_ns;

	arch_irq_enable();
	if (now < due)
		os_sleep_ns(min(due - now, IDLE_SLEEP_NS));
	arch_host_timer_poll(plat->clock_ns());
}

bool arch_random(uint64_t *value)
{
	return os_entropy(value);
}

bool arch_random_seed(uint64_t *value)
{
	return os_entropy(value);
}

int arch_break_once(uint64_t address UNUSED, void (*reached)(void) UNUSED)
{
	return -ENOSYS;
}

const char *arch_cpu_name(void)
{
	static char name[96];

	if (!name[0])
		os_cpu_name(name, sizeof(name));
	return name;
}

void arch_regs_init_user(struct arch_regs *regs, user_ptr_t pc, user_ptr_t sp)
{
	*regs = (struct arch_regs){ .rip = pc, .rsp = sp };
}

void arch_regs_export(const struct arch_regs *regs, uint64_t *words, size_t max)
{
	size_t count = min(max, sizeof(*regs) / sizeof(*words));

	memcpy(words, regs, count * sizeof(*words));
	memset(words + count, 0, (max - count) * sizeof(*words));
}

/* The process's memory is the kernel's; nothing is sealed. */
void arch_memory_seal(void)
{
}

struct arch_regs *arch_user_regs(struct thread *thread)
{
	(void)thread;
	return NULL;
}

void arch_set_tls(uint64_t value)
{
	arch_thread()->context.tls = value;
}

uint64_t arch_get_tls(void)
{
	return arch_thread()->context.tls;
}
