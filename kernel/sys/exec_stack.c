/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first stack of a program: from sp upwards argc, argv, environment, the auxiliary vector (System V ABI, x86_64
 * supplement 3.4.1; Linux's getauxval(3) for its entries), then the strings.
 */
#include <arch/arch.h>
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/random.h>
#include <kernel/heap.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/user.h>

#include "exec.h"

#define AT_NULL 0
#define AT_PHDR 3
#define AT_PHENT 4
#define AT_PHNUM 5
#define AT_PAGESZ 6
#define AT_BASE 7
#define AT_FLAGS 8
#define AT_ENTRY 9
#define AT_UID 11
#define AT_EUID 12
#define AT_GID 13
#define AT_EGID 14
#define AT_PLATFORM 15
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23
#define AT_RANDOM 25
#define AT_HWCAP2 26
#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33
#define AT_MINSIGSTKSZ 51

#define RANDOM_SIZE 16
#define CLOCK_TICKS 100
#define AUX_WORDS 44
#define SIGNAL_FRAME_ROOM 2048

struct stack {
	struct aspace *aspace;
	uint64_t sp;
	int err; /* of the first write that failed */
};

/* Puts bytes below what is there already; their address. */
static uint64_t push(struct stack *stack, const void *data, size_t len)
{
	stack->sp -= len;
	if (!stack->err)
		stack->err = aspace_write(stack->aspace, stack->sp, data, len);
	return stack->sp;
}

struct vector {
	uint64_t *words;
	size_t count;
};

static void add(struct vector *vector, uint64_t word)
{
	vector->words[vector->count++] = word;
}

static void add_aux(struct vector *vector, uint64_t type, uint64_t value)
{
	add(vector, type);
	add(vector, value);
}

/* Pointers to count strings from *address on, which moves behind them. */
static void add_strings(struct vector *vector, const char **text, uint64_t *address, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(*text) + 1;

		add(vector, *address);
		*text += size;
		*address += size;
	}
	add(vector, 0);
}

static void add_image(struct vector *vector, const struct elf_image *image)
{
	add_aux(vector, AT_PHDR, image->headers);
	add_aux(vector, AT_PHENT, ELF_PROGRAM_HEADER_SIZE);
	add_aux(vector, AT_PHNUM, image->header_count);
	add_aux(vector, AT_BASE, image->base);
	add_aux(vector, AT_ENTRY, image->entry);
}

static void add_identity(struct vector *vector, const struct credentials *cred)
{
	add_aux(vector, AT_UID, cred->uid);
	add_aux(vector, AT_EUID, cred->euid);
	add_aux(vector, AT_GID, cred->gid);
	add_aux(vector, AT_EGID, cred->egid);
	add_aux(vector, AT_SECURE, 0);
}

static void add_machine(struct vector *vector)
{
	add_aux(vector, AT_PAGESZ, PAGE_SIZE);
	add_aux(vector, AT_CLKTCK, CLOCK_TICKS);
	add_aux(vector, AT_HWCAP, arch_hwcap());
	add_aux(vector, AT_HWCAP2, 0);
	add_aux(vector, AT_FLAGS, 0);
	add_aux(vector, AT_MINSIGSTKSZ, SIGNAL_FRAME_ROOM);
}

static int fill(struct stack *stack, struct process *process, const struct elf_image *image,
		const struct exec_strings *strings, const char *path)
{
	size_t words = strings->arg_count + strings->env_count + 3 + AUX_WORDS;
	struct vector vector = { heap_array(words, sizeof(uint64_t)), 0 };
	struct aspace_layout *layout = &stack->aspace->layout;
	uint64_t name, platform, chance, at, aux;
	uint8_t random[RANDOM_SIZE];
	const char *text = strings->text;

	if (!vector.words)
		return -ENOMEM;
	random_bytes(random, sizeof(random));
	name = push(stack, path, strlen(path) + 1);
	at = push(stack, strings->text, strings->len);
	platform = push(stack, arch_platform(), strlen(arch_platform()) + 1);
	stack->sp = align_down(stack->sp, 16);
	chance = push(stack, random, sizeof(random));

	layout->arg_start = at;
	add(&vector, strings->arg_count);
	add_strings(&vector, &text, &at, strings->arg_count);
	layout->arg_end = layout->env_start = at;
	add_strings(&vector, &text, &at, strings->env_count);
	layout->env_end = at;
	aux = vector.count * sizeof(uint64_t);
	add_image(&vector, image);
	if (image->vdso)
		add_aux(&vector, AT_SYSINFO_EHDR, image->vdso);
	add_identity(&vector, &process->cred);
	add_machine(&vector);
	add_aux(&vector, AT_PLATFORM, platform);
	add_aux(&vector, AT_RANDOM, chance);
	add_aux(&vector, AT_EXECFN, name);
	add_aux(&vector, AT_NULL, 0);

	/* argc must lie on a multiple of 16. */
	stack->sp -= vector.count * sizeof(uint64_t) % 16;
	push(stack, vector.words, vector.count * sizeof(uint64_t));
	layout->stack_start = stack->sp;
	layout->auxv_start = stack->sp + aux;
	layout->auxv_end = stack->sp + vector.count * sizeof(uint64_t);
	heap_free(vector.words);
	return stack->err;
}

int exec_stack_make(struct process *process, struct aspace *aspace, const struct elf_image *image,
		    const struct exec_strings *strings, const char *path, uint64_t *sp)
{
	uint64_t top = aspace->places.stack_top;
	struct stack stack = { .aspace = aspace, .sp = top - aspace->places.stack_gap };
	long at;
	int err;

	at = aspace_mmap(aspace, top - ASPACE_STACK_SIZE, ASPACE_STACK_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, NULL, 0);
	if (at < 0)
		return (int)at;
	err = fill(&stack, process, image, strings, path);
	*sp = stack.sp;
	return err;
}
