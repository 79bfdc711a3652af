/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting programs: elf.c reads the file into an address space, exec_stack.c makes the first stack, exec.c puts it
 * together.
 */
#pragma once

#include <kernel/abi/fcntl.h>
#include <kernel/types.h>

struct aspace;
struct file;
struct process;

/* Why a file cannot be run, for people; static text. */
#define ELF_INTERPRETER_MAX 256

struct exec_error {
	const char *reason; /* NULL: the errno says it all */
	char interpreter[ELF_INTERPRETER_MAX]; /* when that is what cannot be run: its path; else empty */
};

struct elf_image {
	uint64_t entry;
	uint64_t start; /* where execution begins: entry, or the interpreter's */
	uint64_t base; /* what was added to the interpreter's addresses; 0 without one */
	uint64_t headers; /* address of the program headers, 0 when they are not in memory */
	unsigned header_count;
	uint64_t end;  /* one past the highest segment */
	uint64_t vdso; /* filled by the loader's caller; 0: none */
};

#define ELF_HEADER_SIZE 64
#define ELF_PROGRAM_HEADER_SIZE 56

/**
 * Maps an ELF file's segments into an empty address space, and those of the interpreter it names, which then finds and
 * links its libraries. Every field of both files is untrusted.
 * @return 0; -ENOEXEC (it is no such file, see error), -ELIBBAD (nor is its interpreter), what opening the interpreter
 *	says, -ENOMEM, -EIO, -EFAULT.
 */
int elf_load(struct file *file, struct aspace *aspace, struct elf_image *image, struct exec_error *error);

/* Arguments and environment as one run of NUL-terminated strings. */
struct exec_strings {
	char *text;
	size_t len, room;
	size_t arg_count, env_count;
};

#define EXEC_STRINGS_MAX (128 * KIB)
#define EXEC_STRINGS_COUNT_MAX 8192

/* -E2BIG, -ENOMEM. All arguments come before the environment. */
int exec_strings_add(struct exec_strings *strings, const char *text, size_t len);
/* Puts one more argument before the n-th. */
int exec_strings_insert_arg(struct exec_strings *strings, size_t n, const char *text);
/* Removes the first argument. */
void exec_strings_drop_first(struct exec_strings *strings);
void exec_strings_free(struct exec_strings *strings);

/* Maps the stack and fills its top as the x86_64 and arm64 ABIs want it. *sp: where the program finds argc. */
int exec_stack_make(struct process *process, struct aspace *aspace, const struct elf_image *image,
		    const struct exec_strings *strings, const char *path, uint64_t *sp);

/* child runs the program that parent runs. */
int exec_inherit(struct process *child, const struct process *parent);
/* The process runs no program any more: its file may be written again. */
void exec_forget(struct process *process);

/* The file of a program, as execveat(2) names it. */
struct exec_target {
	int dirfd;	   /* AT_FDCWD, or a descriptor that path starts from, or that is meant when path is empty */
	const char *path;
	const char *name;  /* what the program is told; path, or another that leads there through /dev/fd */
	unsigned at_flags; /* AT_SYMLINK_NOFOLLOW; AT_EMPTY_PATH is the caller's business */
};

/**
 * Makes the running process run another program: on success its address space, name, handlers and close-on-exec
 * descriptors are the new program's, and *entry and *sp say where it starts; on failure nothing has changed. strings
 * may be changed.
 * @return 0, -EBADF, -ENOENT and what else opening says, -EACCES, -ENOEXEC, -E2BIG, -ELOOP (scripts), -ENOMEM,
 *	-ETXTBSY (it is open for writing).
 */
int exec_replace(const struct exec_target *target, struct exec_strings *strings, uint64_t *entry, uint64_t *sp,
		 struct exec_error *error);

/*
 * first_program.c: for the boot chart (option TRACE). An image is ready to be run; the first program is about to start
 * at an address, which is its own, or its dynamic linker's.
 */
#if CONFIG_TRACE
void first_program_loaded(const struct elf_image *image);
void first_program_starts(uint64_t start);
#else
static inline void first_program_loaded(const struct elf_image *image UNUSED)
{
}
static inline void first_program_starts(uint64_t start UNUSED)
{
}
#endif
