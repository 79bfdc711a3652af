/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU faults of the kernel, and the ticks that find hanging inputs, arrive as signals. Handlers run on a stack of
 * their own and may be left by a jump: SA_NODEFER keeps the signal mask as it is, so that a jump needs no system
 * call.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch_host_abi.h"

#define TICK_USEC 10000

static char signal_stack[128 * 1024] __attribute__((aligned(4096)));

/* uc_mcontext.gregs in the order of struct host_fault's regs; rflags, cr2 and error come last. */
static const int reg_order[HOST_REGS] = {
	REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,  REG_R9,
	REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL, REG_CR2, REG_ERR,
};

static void fault_fill(struct host_fault *fault, const ucontext_t *context)
{
	for (int i = 0; i < HOST_REGS; i++)
		fault->regs[i] = (uint64_t)context->uc_mcontext.gregs[reg_order[i]];
	fault->stack = signal_stack;
	fault->stack_size = sizeof(signal_stack);
}

static enum host_fault_kind fault_kind(int number, const siginfo_t *info)
{
	switch (number) {
	case SIGILL: return HOST_FAULT_INSTRUCTION;
	case SIGFPE: return HOST_FAULT_ARITHMETIC;
	case SIGSEGV:
		/* Linux knows no address for a non-canonical one: #GP. */
		return info->si_code == SI_KERNEL ? HOST_FAULT_PROTECTION : HOST_FAULT_MEMORY;
	default: return HOST_FAULT_MEMORY;
	}
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	struct host_fault fault = { .kind = fault_kind(number, info) };

	if (info->si_code <= 0)
		_exit(HOST_STATUS_CRASH); /* not a fault: somebody sent it */
	fault_fill(&fault, context);
	if (fault.kind == HOST_FAULT_MEMORY)
		fault.address = (uint64_t)(uintptr_t)info->si_addr;
	host_fault(&fault);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
	struct host_fault interrupted = { .kind = HOST_FAULT_MEMORY };

	(void)info;
	fault_fill(&interrupted, context);
	host_tick(&interrupted, number == SIGUSR1);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART };

	sigemptyset(&action.sa_mask);
	if (sigaction(number, &action, NULL)) {
		perror("saki.host: sigaction");
		exit(123);
	}
}

void os_signals_init(void)
{
	const stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };

	if (sigaltstack(&stack, NULL)) {
		perror("saki.host: sigaltstack");
		exit(123);
	}
	handle(SIGSEGV, on_fault);
	handle(SIGBUS, on_fault);
	handle(SIGFPE, on_fault);
	handle(SIGILL, on_fault);
	handle(SIGALRM, on_tick);
	handle(SIGUSR1, on_tick);
}

void os_tick_start(void)
{
	static int ticking; /* not the kernel's memory: a reset does not stop the ticks */
	const struct itimerval interval = { .it_interval.tv_usec = TICK_USEC, .it_value.tv_usec = TICK_USEC };

	if (ticking)
		return;
	ticking = 1;
	setitimer(ITIMER_REAL, &interval, NULL);
}

void os_exit(int status)
{
	_exit(status);
}
