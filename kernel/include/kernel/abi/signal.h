/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals as programs see them: numbers, flags, structures, with Linux's values on x86_64.
 */
#pragma once

#include <kernel/types.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32
#define SIGRTMAX 64

#define SIG_DFL 0
#define SIG_IGN 1

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP UINT64_C(0x1)
#define SA_NOCLDWAIT UINT64_C(0x2)
#define SA_SIGINFO UINT64_C(0x4)
#define SA_RESTORER UINT64_C(0x04000000)
#define SA_ONSTACK UINT64_C(0x08000000)
#define SA_RESTART UINT64_C(0x10000000)
#define SA_NODEFER UINT64_C(0x40000000)
#define SA_RESETHAND UINT64_C(0x80000000)

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ 2048

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_STOPPED 5
#define CLD_CONTINUED 6
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define FPE_INTDIV 1
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define ILL_ILLOPN 2
#define TRAP_TRACE 2

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

struct abi_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct abi_stack {
	uint64_t sp;
	uint32_t flags;
	uint32_t pad;
	uint64_t size;
};

/* siginfo_t: 128 bytes, of which the kernel fills one of these. */
struct abi_siginfo {
	int32_t signo;
	int32_t error;
	int32_t code;
	int32_t pad;
	union {
		struct {
			int32_t pid;
			uint32_t uid;
			uint64_t value;
		};
		struct {
			int32_t timer_id;
			int32_t overrun;
			uint64_t timer_value;
		};
		uint64_t address;
		uint64_t raw[14];
	};
};
_Static_assert(sizeof(struct abi_siginfo) == 128, "siginfo_t has 128 bytes");

/* What a signalfd gives for each signal. (signalfd(2)) */
struct abi_signalfd_siginfo {
	uint32_t signo;
	int32_t error;
	int32_t code;
	uint32_t pid;
	uint32_t uid;
	int32_t fd;
	uint32_t timer_id;
	uint32_t band;
	uint32_t overrun;
	uint32_t trapno;
	int32_t status;
	int32_t value_int;
	uint64_t value;
	uint64_t utime, stime;
	uint64_t address;
	uint16_t address_lsb;
	uint8_t pad[46];
};
_Static_assert(sizeof(struct abi_signalfd_siginfo) == 128, "signalfd_siginfo has 128 bytes");

struct abi_sigevent {
	uint64_t value;
	int32_t signo;
	int32_t notify;
	int32_t tid;
	uint32_t pad[11];
};
_Static_assert(sizeof(struct abi_sigevent) == 64, "sigevent has 64 bytes");
