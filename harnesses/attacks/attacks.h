/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What attacks have in common. An attack's file holds the *vulnerable* code, natural code with one mistake, compiled
 * as all of the kernel is, and the *attacker*, who reaches memory through that mistake only. What an attacker reads in
 * the disassembly of the image, such as how far a buffer is from the return address behind it, is noted by the
 * vulnerable function when it is used as it is meant (attack_frame_note()). Where the image is, he believes: it is
 * where it was linked, or as far from there as a leak has told him. So the body of most attacks takes the slide.
 */
#pragma once

#include <arch/arch.h>
#include <kernel/attack.h>
#include <kernel/compiler.h>
#include <kernel/errno.h>
#include <kernel/string.h>
#include <kernel/types.h>

/* ---- what he knows: knowledge.c ---- */

/* Where the linker has put what is at this address now. */
uintptr_t attack_linked(const volatile void *now);
/* A function, whatever its type. */
#define attack_linked_code(function) attack_linked((const void *)(uintptr_t)(function))

/* The first place in the image's code that holds these bytes, as linked; 0: none. */
uintptr_t attack_gadget(const void *bytes, size_t len);

/*
 * Something of the kernel's that can be read, with a pointer behind it. The mistake: nobody checks the index. So
 * samples[ATTACK_LEAK] is the pointer, which the compiler may not know.
 */
struct attack_leaky {
	uint64_t samples[4];
	const void *pointer;
};
#define ATTACK_LEAK 4
uint64_t attack_leaky_read(const struct attack_leaky *object, size_t index);

/* How far the running image is from where it was linked, by such a leak of a function pointer. */
uintptr_t attack_leaked_slide(void);
/* Where he believes the direct map to be: where it is unless randomization moves it, until he has leaked anything. */
uintptr_t attack_direct_map(phys_t phys);
/* Has the kernel keep bytes of the attacker's, on its heap for ever, and learns where by a leak. Zeros follow. */
uintptr_t attack_leaked_heap(const void *bytes, size_t len);

/* An attack whose variants differ in how they know where the image is. */
#define ATTACK_BODY(body)                                                                                              \
	static void run(const struct attack *attack)                                                                   \
	{                                                                                                              \
		body(attack, 0);                                                                                       \
	}                                                                                                              \
	static void adaptive(const struct attack *attack)                                                              \
	{                                                                                                              \
		body(attack, attack_leaked_slide());                                                                   \
	}

/* ---- what he can do: primitives.c ---- */

/* Of a function's frame, from the start of a buffer in it. */
struct attack_frame {
	ptrdiff_t to_frame_pointer, to_return;
};

/* In the function that holds the buffer. */
#define attack_frame_note(frame, buffer)                                                                               \
	do {                                                                                                           \
		(frame)->to_frame_pointer = (char *)__builtin_frame_address(0) - (char *)(buffer);                     \
		(frame)->to_return = (frame)->to_frame_pointer + (ptrdiff_t)sizeof(uint64_t);                          \
	} while (0)

/* The compiler knows nothing of the value any more, and of memory. */
#define attack_opaque(value)                                                                                           \
	({                                                                                                             \
		__typeof__(value) opaque_value = (value);                                                              \
		__asm__ volatile("" : "+r"(opaque_value)::"memory");                                                   \
		opaque_value;                                                                                          \
	})

/* Copies to and from "the program's memory". The mistake: nobody asks user_ok() whether it is. */
void attack_write(uintptr_t to, const void *bytes, size_t len);
void attack_write64(uintptr_t to, uint64_t value);
void attack_read(void *bytes, uintptr_t from, size_t len);
uint64_t attack_read64(uintptr_t from);

/* Calls fn in the machine's timer interrupt, and returns afterwards. */
void attack_in_interrupt(void (*fn)(void));
/* Calls fn in a thread of its own, and returns when that has ended. False: no memory. */
bool attack_in_thread(void (*fn)(void *), void *arg);
/*
 * Calls fn as a process that has SYSTEST_MEM to pass pointers into: its system calls are made by sys(). It is root's,
 * and gone afterwards. False: no memory.
 */
bool attack_in_process(void (*fn)(void *), void *arg);

/*
 * file.c, for such a process: the first word of what is open, or of a file; 0: it may not be read. And what whoever
 * starts the program does, who is asked for no list of calls: makes a file of root's with the secret in it, and leaves
 * it open at its start; -1.
 */
uint64_t attack_word(long fd);
uint64_t attack_file_word(const char *name);
long attack_file_given(const char *name);

/*
 * A hostile program: runs code as a program's, at PROGRAM_CODE, with RDI and RSI as given and a stack. Programs run at
 * the kernel's privilege level here, so nothing but what the machine itself forbids the kernel stops one that means it.
 * Returns when it has made the system call exit. False: no memory.
 */
#define PROGRAM_CODE UINT64_C(0x20000000)
#define PROGRAM_DATA (PROGRAM_CODE + PAGE_SIZE) /* of the same memory, behind the code */
#define PROGRAM_SIZE (16 * PAGE_SIZE)
bool attack_program(const void *code, size_t len, uint64_t rdi, uint64_t rsi);
/* The code of such a program, from program_NAME to program_NAME_end. It ends with PROGRAM_EXIT. */
#define PROGRAM(name, text)                                                                                            \
	extern const uint8_t program_##name[], program_##name##_end[];                                                 \
	__asm__(".pushsection .rodata, \"a\", @progbits\n"                                                             \
		"program_" #name ":\n" text "\nprogram_" #name "_end:\n"                                               \
		".popsection\n")
#define PROGRAM_EXIT "xorl %edi, %edi\n movl $231, %eax\n syscall\n"
#define attack_program_run(name, rdi, rsi)                                                                             \
	attack_program(program_##name, (size_t)(program_##name##_end - program_##name), (rdi), (rsi))
