/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program whose handlers run for real: faults of all kinds on an alternate stack left by a jump, timer signals into
 * code that computes and makes no call, a read that a handler interrupts, and the end by abort(). Says the same on Saki
 * as on Linux.
 */
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int ticks;
static char alternate[16384];

#define PAGE 4096
static char *pages; /* one of a file, one behind its end, one that can only be read, and one hole */

/* An address within the pages below, as an offset: they are where the kernel put them. */
static void *where(const siginfo_t *info)
{
	char *address = info->si_addr;

	if (pages && address >= pages && address < pages + 4 * PAGE)
		return (void *)(address - pages);
	return info->si_signo == SIGFPE || info->si_signo == SIGILL ? NULL : address;
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;
	char here;

	printf("fault %d, code %d, at %p, alternate stack %d, pc %d\n", signo, info->si_code, where(info),
	       &here >= alternate && &here < alternate + sizeof(alternate), at->uc_mcontext.gregs[REG_RIP] != 0);
	siglongjmp(back, 1);
}

/* Uses the FPU, whose state must come back. */
static void on_alarm(int signo)
{
	volatile double x = signo;

	for (int i = 0; i < 100; i++)
		x *= 1.01;
	ticks++;
}

static void start_timer(long first_us, long interval_us)
{
	const struct itimerval timer = { { 0, interval_us }, { 0, first_us } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool make_pages(void)
{
	int fd = memfd_create("one page", 0);

	if (fd < 0 || ftruncate(fd, PAGE))
		return false;
	pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED || munmap(pages + 3 * PAGE, PAGE))
		return false;
	close(fd);
	return mmap(pages + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static int divide(int a, int b)
{
	int quotient, rest;

	__asm__ volatile("cltd; idivl %3" : "=a"(quotient), "=&d"(rest) : "0"(a), "r"(b));
	return quotient;
}

#define TRY(what)                                                                                                      \
	do {                                                                                                           \
		if (!sigsetjmp(back, 1)) {                                                                             \
			what;                                                                                          \
			puts("no fault");                                                                              \
		}                                                                                                      \
	} while (0)

/*
 * A handler begins with the state that programs begin with, and a jump leaves it so. Only on the x87, and only where
 * the program waits for it, does every emulator raise what the CPU does.
 */
#define TRY_FLOAT(what)                                                                                                \
	TRY(feclearexcept(FE_ALL_EXCEPT); feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW); what;               \
	    __asm__ volatile("fwait"))

static void faults(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	volatile long double result, nothing = 0, huge = 1e4000L;
	volatile int zero = 0;
	const stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	for (int i = 0; i < 2; i++)
		TRY(*(volatile int *)0x123000 = 1);
	if (!make_pages())
		return;
	TRY(*(volatile char *)pages = 1);
	TRY(pages[PAGE + 8] = 1);
	TRY((void)*(volatile char *)(pages + PAGE + 16));
	TRY(pages[2 * PAGE] = 1);
	TRY(pages[3 * PAGE] = 1);
	TRY(((void (*)(void))pages)());
	TRY(*(volatile char *)0x8000000000000000 = 1);
	TRY(divide(1, zero));
	TRY(__asm__ volatile("int3"));
	TRY(__asm__ volatile("ud2"));
	TRY_FLOAT(result = 1 / nothing);
	TRY_FLOAT(result = nothing / nothing);
	TRY_FLOAT(result = huge * huge);
}

static void computing(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	double sum = 0;

	sigaction(SIGALRM, &action, NULL);
	start_timer(1000, 1000);
	while (ticks < 20)
		for (int i = 1; i < 1000; i++) {
			sum += 1.0 / i;
			sum -= 1.0 / i;
		}
	start_timer(0, 0);
	printf("computed right: %d\n", sum > -1e-6 && sum < 1e-6);
}

static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int pipes[2];
	char c;

	ticks = 0;
	sigaction(SIGALRM, &action, NULL);
	if (pipe(pipes))
		return;
	/* Again and again: the first may come before the read. */
	start_timer(2000, 50000);
	ssize_t n = read(pipes[0], &c, 1);
	start_timer(0, 0);
	printf("read %zd, signals came: %d\n", n, ticks > 0);
}

#define FLAGS_TOLD 0xcd5ul /* CF, PF, AF, ZF, SF, DF, OF */

/* Flags and registers are the caller's after a call, but for rax, rcx and r11. */
static unsigned long flags_after_call(unsigned long number, unsigned long wanted, unsigned long flags)
{
	register unsigned long r8 __asm__("r8") = 8, r9 __asm__("r9") = 9, r10 __asm__("r10") = 10;
	unsigned long rax = number, rdi = 1, rsi = 2, rdx = 3;

	__asm__ volatile("leaq -128(%%rsp), %%rsp; pushq %[flags]; popfq; syscall; pushfq; cld; popq %[flags];"
			 "leaq 128(%%rsp), %%rsp"
			 : [flags] "+b"(flags), "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8), "+r"(r9),
			   "+r"(r10)
			 :
			 : "rcx", "r11", "memory", "cc");
	if (rdi != 1 || rsi != 2 || rdx != 3 || r8 != 8 || r9 != 9 || r10 != 10 || rax != wanted)
		return 0;
	return flags & FLAGS_TOLD;
}

static void registers(void)
{
	static const unsigned long sets[] = { 0x202, 0x203, 0x246, 0x287, 0x2d7, 0xa02, 0xa93, 0x602, 0xed7 };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		printf("flags %lx: %lx %lx\n", sets[i],
		       flags_after_call(SYS_getppid, (unsigned long)getppid(), sets[i]),
		       flags_after_call(SYS_sched_get_priority_max, 99, sets[i]));
}

/* A timer's signals come between calls that do next to nothing. */
static void interrupted_calls(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int before;

	sigaction(SIGALRM, &action, NULL);
	before = ticks;
	start_timer(500, 500);
	while (ticks < before + 30)
		syscall(SYS_getppid);
	start_timer(0, 0);
	puts("interrupted calls");
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	registers();
	faults();
	computing();
	interrupted();
	interrupted_calls();
	abort();
}
