/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Event channels, in the layout of two levels: a bit a port that has an event, a bit a word of those. Xen tells of them
 * by one interrupt vector, which needs no controller to be told of its end. The timer is one of them.
 */
#include "xen_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/irq.h>
#include <kernel/string.h>
#include <plat/plat.h>

#define VECTOR 0x40
#define VECTOR_OURS 0x41 /* the same, when we call it */

static uint32_t timer_port;
/* Those that somebody listens to, the timer's first. */
static uint32_t bound[1 + PLAT_IRQS];
static unsigned bound_count;
static uint8_t irq_of_port[EVTCHN_PORTS]; /* the interrupt's number and one; 0: none */

/* Locked instructions in every image: Xen sets bits at the same time. */
static ALWAYS_INLINE void clear_bit(uint64_t *words, uint32_t port)
{
	__atomic_fetch_and(&words[port / 64], ~(UINT64_C(1) << port % 64), __ATOMIC_ACQ_REL);
}

static ALWAYS_INLINE void set_bit(uint64_t *words, uint32_t port)
{
	__atomic_fetch_or(&words[port / 64], UINT64_C(1) << port % 64, __ATOMIC_ACQ_REL);
}

static NO_INSTRUMENT bool take_word(unsigned word)
{
	uint64_t *pending = &shared_info->evtchn_pending[word];
	bool timer = false;
	uint64_t bits;

	while ((bits = atomic_load(pending) & ~atomic_load(&shared_info->evtchn_mask[word]))) {
		uint32_t port = word * 64 + (unsigned)__builtin_ctzll(bits);

		clear_bit(shared_info->evtchn_pending, port);
		if (port == timer_port)
			timer = true;
		else if (irq_of_port[port])
			irq_handle(irq_of_port[port] - 1u);
	}
	return timer;
}

/*
 * The timer comes last, as what it calls may not return here; what has come meanwhile interrupts again, as long as
 * evtchn_upcall_pending is set.
 */
static NO_INSTRUMENT void fired(unsigned vector UNUSED)
{
	struct vcpu_info *vcpu = xen_vcpu();
	bool timer = false;
	uint64_t words;

	__atomic_store_n(&vcpu->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&vcpu->evtchn_pending_sel, 0, __ATOMIC_ACQ_REL);
	for (; words; words &= words - 1)
		timer |= take_word((unsigned)__builtin_ctzll(words));
	if (timer)
		timer_interrupt();
}

/*
 * Xen tells who polls of an event without an interrupt, which saves it the work; and QEMU, where that runs Xen, forgets
 * what STI's shadow should do for an STI and HLT, so that an event may come between the two and be slept over.
 */
void event_wait(void)
{
	struct sched_poll poll = { .ports = bound, .nr_ports = bound_count };

	if (!atomic_load(&xen_vcpu()->evtchn_upcall_pending))
		hypercall2(XEN_SCHED_OP, SCHEDOP_POLL, (uint64_t)&poll);
	__asm__ volatile("int %0" ::"i"(VECTOR_OURS) : "memory");
	arch_irq_enable();
}

/* An event that came while the port was masked is told now. */
static void unmask(uint32_t port)
{
	struct evtchn_port op = { port };

	hypercall2(XEN_EVENT_CHANNEL_OP, EVTCHNOP_UNMASK, (uint64_t)&op);
}

/*
 * QEMU's emulation of SVM keeps the number of a vector that VMRUN has delivered for that of an exception still to be
 * raised. Whatever makes it leave the guest's code for a moment before something else is raised has it deliver the same
 * vector again, with interrupts off or not (target/i386/tcg: helper_vmrun(); cpu_handle_interrupt() where it sees
 * exit_request). On a busy machine that came once in ten thousand events, at the first instruction of the handler, on
 * the stack that the first one's frame was on. What a fault is raised for is forgotten as it should be.
 */
void event_vectors_init(void)
{
	x86_irq_set_handler(VECTOR, fired);
	x86_irq_set_handler(VECTOR_OURS, fired);
	x86_irq_by_fault(VECTOR);
}

int event_init(void)
{
	struct xen_hvm_param callback = { .domid = DOMID_SELF,
					  .index = HVM_PARAM_CALLBACK_IRQ,
					  .value = HVM_CALLBACK_VECTOR | VECTOR };
	struct evtchn_bind_virq timer = { .virq = VIRQ_TIMER };
	long err;

	for (unsigned i = 0; i < EVTCHN_WORDS; i++)
		atomic_store(&shared_info->evtchn_mask[i], UINT64_MAX);
	err = hypercall2(XEN_HVM_OP, HVMOP_SET_PARAM, (uint64_t)&callback);
	if (!err)
		err = hypercall2(XEN_EVENT_CHANNEL_OP, EVTCHNOP_BIND_VIRQ, (uint64_t)&timer);
	if (err)
		return (int)err;
	timer_port = bound[0] = timer.port;
	bound_count = 1;
	memset(irq_of_port, 0, sizeof(irq_of_port));
	unmask(timer_port);
	return 0;
}

/* A time that has passed fires at once. */
void event_timer_arm(uint64_t deadline_ns)
{
	struct vcpu_set_singleshot_timer timer = { .timeout_abs_ns = xen_clock_to_system(deadline_ns) };

	if (deadline_ns == UINT64_MAX)
		hypercall3(XEN_VCPU_OP, VCPUOP_STOP_SINGLESHOT_TIMER, 0, 0);
	else
		hypercall3(XEN_VCPU_OP, VCPUOP_SET_SINGLESHOT_TIMER, 0, (uint64_t)&timer);
}

int event_line(unsigned irq, unsigned port)
{
	if (!port || port >= EVTCHN_PORTS || port == timer_port)
		return -ENODEV;
	if (!irq_of_port[port])
		bound[bound_count++] = port;
	irq_of_port[port] = (uint8_t)(irq + 1);
	unmask(port);
	return 0;
}

void event_line_off(unsigned port)
{
	if (port >= EVTCHN_PORTS || !irq_of_port[port])
		return;
	for (unsigned i = 1; i < bound_count; i++)
		if (bound[i] == port)
			bound[i--] = bound[--bound_count];
	set_bit(shared_info->evtchn_mask, port);
	irq_of_port[port] = 0;
}

void event_send(uint32_t port)
{
	struct evtchn_port op = { port };

	hypercall2(XEN_EVENT_CHANNEL_OP, EVTCHNOP_SEND, (uint64_t)&op);
}

void event_close(uint32_t port)
{
	struct evtchn_port op = { port };

	hypercall2(XEN_EVENT_CHANNEL_OP, EVTCHNOP_CLOSE, (uint64_t)&op);
}

int event_alloc(uint16_t domain, uint32_t *port)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = domain };
	long err = hypercall2(XEN_EVENT_CHANNEL_OP, EVTCHNOP_ALLOC_UNBOUND, (uint64_t)&op);

	if (err)
		return (int)err;
	*port = op.port;
	return op.port && op.port < EVTCHN_PORTS ? 0 : -EINVAL;
}

void event_poll(uint32_t port, uint64_t timeout_ns)
{
	struct sched_poll poll = { .ports = &port,
				   .nr_ports = 1,
				   .timeout = xen_clock_to_system(xen_clock_ns() + timeout_ns) };

	hypercall2(XEN_SCHED_OP, SCHEDOP_POLL, (uint64_t)&poll);
	if (port < EVTCHN_PORTS)
		clear_bit(shared_info->evtchn_pending, port);
}
