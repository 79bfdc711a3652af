/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A static program without a library, for the tests of saki-run and of the CPU's side of programs: its first argument
 * says what it does. Built by run.test; runs on Linux just as well.
 */
#include <stddef.h>
#include <stdint.h>

static long syscall3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

static void quit(int status)
{
	for (;;)
		syscall3(231, status, 0, 0);
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static void say(int fd, const char *text)
{
	syscall3(1, fd, (long)text, (long)length(text));
}

/* Standard input to standard output, byte for byte. */
static void cat(void)
{
	static char buf[4096];
	long n;

	while ((n = syscall3(0, 0, (long)buf, sizeof(buf))) > 0)
		syscall3(1, 1, (long)buf, n);
	quit(n ? 1 : 0);
}

static void echo(char **words)
{
	for (; *words; words++) {
		say(1, "<");
		say(1, *words);
		say(1, ">\n");
	}
}

/* System calls keep all registers but rax, rcx and r11, and the 128 bytes below the stack pointer. */
static void registers(void)
{
	uint64_t bad = 0;

	__asm__ volatile("movl $2000, %%r15d\n"
			 "1: movq $0x1111, %%rbx; movq $0x2222, %%r12; movq $0x3333, %%r13; movq $0x4444, %%r14\n"
			 "movq $0x5555, %%r8; movq $0x6666, %%r9; movq $0x7777, %%r10; movq $0x8888, %%rdi\n"
			 "movq %%r12, -8(%%rsp); movq %%r13, -128(%%rsp)\n"
			 "movl $39, %%eax\n"
			 "syscall\n"
			 "2: leaq 2b(%%rip), %%rdx; cmpq %%rdx, %%rcx; jne 3f\n"
			 "cmpq $0x1111, %%rbx; jne 3f; cmpq $0x2222, %%r12; jne 3f; cmpq $0x3333, %%r13; jne 3f\n"
			 "cmpq $0x4444, %%r14; jne 3f; cmpq $0x5555, %%r8; jne 3f; cmpq $0x6666, %%r9; jne 3f\n"
			 "cmpq $0x7777, %%r10; jne 3f; cmpq $0x8888, %%rdi; jne 3f\n"
			 "cmpq %%r12, -8(%%rsp); jne 3f; cmpq %%r13, -128(%%rsp); jne 3f\n"
			 "decl %%r15d; jnz 1b; jmp 4f\n"
			 "3: movq $1, %0\n"
			 "4:\n"
			 : "+m"(bad)
			 :
			 : "rax", "rbx", "rcx", "rdx", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
			   "memory", "cc");
	quit(bad ? 1 : 0);
}

/* Interrupts and page faults keep registers, the red zone and the SSE registers, for about 50 ms. */
static void interrupts(void)
{
	uint64_t bad = 0;

	__asm__ volatile("movq $0x1234567812345678, %%rbx; movq %%rbx, %%xmm3; movq %%rbx, %%xmm15\n"
			 "movl $30000000, %%ecx\n"
			 "movq %%rbx, -16(%%rsp); movq %%rbx, -120(%%rsp)\n"
			 "1: decl %%ecx; jnz 1b\n"
			 "cmpq %%rbx, -16(%%rsp); jne 2f; cmpq %%rbx, -120(%%rsp); jne 2f\n"
			 "movq %%xmm3, %%rdx; cmpq %%rbx, %%rdx; jne 2f; movq %%xmm15, %%rdx; cmpq %%rbx, %%rdx\n"
			 "je 3f\n"
			 "2: movq $1, %0\n"
			 "3:\n"
			 : "+m"(bad)
			 :
			 : "rbx", "rcx", "rdx", "xmm3", "xmm15", "memory", "cc");
	quit(bad ? 1 : 0);
}

static void fault(const char *what)
{
	if (same(what, "null"))
		*(volatile int *)8 = 1;
	else if (same(what, "wild"))
		*(volatile int *)0x123456789000 = 1;
	else if (same(what, "ud2"))
		__asm__ volatile("ud2");
	else if (same(what, "divide"))
		__asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx");
	else if (same(what, "int3"))
		__asm__ volatile("int3");
	else if (same(what, "jump"))
		__asm__ volatile("xorl %%eax, %%eax; jmp *%%rax" ::: "rax");
	else if (same(what, "jump-high"))
		__asm__ volatile("movq $-4096, %%rax; jmp *%%rax" ::: "rax");
	else if (same(what, "gp"))
		__asm__ volatile("movabsq $0x4141414141414141, %%rax; movq (%%rax), %%rax" ::: "rax");
	else if (same(what, "nmi")) /* only the kernel's own level can: it stands for a kernel that hangs */
		__asm__ volatile("int $2");
}

__attribute__((used)) static void start(uint64_t *stack)
{
	char **argv = (char **)(stack + 1);
	const char *what = stack[0] > 1 ? argv[1] : "";

	if (same(what, "cat"))
		cat();
	if (same(what, "echo"))
		echo(argv + 2);
	if (same(what, "stderr"))
		say(2, "to stderr\n");
	if (same(what, "exit"))
		quit(stack[0] > 2 ? (argv[2][0] - '0') * 100 + (argv[2][1] - '0') * 10 + argv[2][2] - '0' : 0);
	if (same(what, "registers"))
		registers();
	if (same(what, "interrupts"))
		interrupts();
	if (same(what, "loop"))
		for (;;)
			;
	if (same(what, "fault") && stack[0] > 2)
		fault(argv[2]);
	quit(0);
}

__asm__(".globl _start\n_start: xorl %ebp, %ebp; movq %rsp, %rdi; andq $-16, %rsp; call start\n");
