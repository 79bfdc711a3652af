/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve and execveat: what they refuse, scripts, the first stack. A program that is loaded here does not run: it ends
 * at once.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/heap.h>
#include <kernel/systest.h>

#include "../exec.h"

#define DIRECTORY "/exec-test"

/* x86_64: one segment of one page, made here byte by byte so that no compiler is needed. */
static void make_program(uint8_t page[256])
{
	static const uint8_t head[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, 0,    0, 0,    0, 0, 0, 0, 0, 0, 2,
					0,    62,  0,   1,   0, 0, 0, 0x80, 0, 0x40, 0, 0, 0, 0, 0, 64 };
	const uint64_t segment[7] = { 1 | UINT64_C(5) << 32, 0, 0x400000, 0x400000, 256, 256, 4096 };

	memset(page, 0xf4, 256);
	memset(page, 0, 120);
	memcpy(page, head, sizeof(head));
	page[52] = 64;
	page[54] = 56;
	page[56] = 1;
	memcpy(page + 64, segment, sizeof(segment));
}

static void make(const char *path, const void *data, size_t len, unsigned mode)
{
	long fd = sys(SYS_open, systest_string(0, path), 0x42, mode);

	if (fd < 0 || sys(SYS_write, fd, systest_put(4096, data, len), len) != (long)len || sys(SYS_close, fd))
		test_fail(__FILE__, __LINE__, "cannot make %s", path);
}

/* A string and its length. */
#define TEXT(s) s, sizeof(s) - 1

static void make_files(void)
{
	uint8_t program[256];

	make_program(program);
	sys(SYS_mkdir, systest_string(0, DIRECTORY), 0755);
	make(DIRECTORY "/program", program, sizeof(program), 0755);
	make(DIRECTORY "/secret", program, sizeof(program), 0644);
	make(DIRECTORY "/text", TEXT("hello\n"), 0755);
	make(DIRECTORY "/script", TEXT("#!" DIRECTORY "/program  -x \nrest"), 0755);
	make(DIRECTORY "/lost", TEXT("#! /nowhere\n"), 0755);
	make(DIRECTORY "/loop", TEXT("#!" DIRECTORY "/loop\n"), 0755);
	make(DIRECTORY "/empty", TEXT("#! \n"), 0755);
}

static void remove_files(void)
{
	static const char *const names[] = { "/program", "/secret", "/text", "/script", "/lost", "/loop", "/empty" };
	char path[64];

	for (unsigned i = 0; i < array_size(names); i++) {
		memcpy(path, DIRECTORY, sizeof(DIRECTORY));
		memcpy(path + sizeof(DIRECTORY) - 1, names[i], strlen(names[i]) + 1);
		sys(SYS_unlink, systest_string(0, path));
	}
	sys(SYS_rmdir, systest_string(0, DIRECTORY));
}

static long run(const char *path)
{
	return sys(SYS_execve, systest_string(0, path), 0, 0);
}

SYSTEST(execve_refuses)
{
	make_files();
	CHECK_ERR(run("/nowhere"), ENOENT);
	CHECK_ERR(run(""), ENOENT);
	CHECK_ERR(run(DIRECTORY), EACCES);
	CHECK_ERR(run(DIRECTORY "/program/x"), ENOTDIR);
	CHECK_ERR(run(DIRECTORY "/secret"), EACCES);
	CHECK_ERR(run(DIRECTORY "/text"), ENOEXEC);
	CHECK_ERR(run(DIRECTORY "/lost"), ENOENT);
	CHECK_ERR(run(DIRECTORY "/loop"), ELOOP);
	CHECK_ERR(run(DIRECTORY "/empty"), ENOEXEC);
	CHECK_ERR(sys(SYS_execve, SYSTEST_BAD, 0, 0), EFAULT);
	CHECK_ERR(sys(SYS_execve, systest_string(0, DIRECTORY "/program"), SYSTEST_BAD, 0), EFAULT);
	CHECK_ERR(sys(SYS_execve, systest_string(0, DIRECTORY "/program"), 0, SYSTEST_BAD), EFAULT);
	remove_files();
}

SYSTEST(execve_limits_arguments)
{
	user_ptr_t path = systest_string(0, "/nowhere"), text = SYSTEST_MEM + 4096;
	uint64_t pointers[64];

	for (unsigned i = 0; i < 63; i++)
		pointers[i] = text;
	pointers[63] = 0;
	for (unsigned i = 0; i < 4000; i++)
		systest_put(4096 + i, "a", 1);
	CHECK_ERR(sys(SYS_execve, path, systest_put(1024, pointers, sizeof(pointers)), 0), E2BIG);
}

/* What is written is not run. */
SYSTEST(execve_of_a_file_open_for_writing)
{
	long fd;

	make_files();
	fd = sys(SYS_open, systest_string(0, DIRECTORY "/program"), 1);
	CHECK(fd >= 0);
	CHECK_ERR(run(DIRECTORY "/program"), ETXTBSY);
	CHECK_ERR(run(DIRECTORY "/script"), ETXTBSY);
	CHECK_EQ(sys(SYS_close, fd), 0);
	remove_files();
}

/* Makes another process run the program, as far as it can here. */
static int run_elsewhere(struct process *process)
{
	const struct exec_target target = { AT_FDCWD, DIRECTORY "/program", DIRECTORY "/program", 0 };
	struct process *self = process_current();
	struct exec_strings strings = { 0 };
	struct exec_error error;
	uint64_t entry, sp;
	int err;

	process_enter(process);
	err = exec_replace(&target, &strings, &entry, &sp, &error);
	exec_strings_free(&strings);
	process_enter(self);
	return err;
}

/* What is run is not written, until it ends. */
SYSTEST(programs_that_run_are_not_written)
{
	user_ptr_t path;
	struct process *other;
	const uint64_t how[3] = { 1 };

	make_files();
	CHECK_EQ(process_create("other", &other), 0);
	CHECK_EQ(run_elsewhere(other), 0);
	path = systest_string(0, DIRECTORY "/program");
	CHECK_ERR(sys(SYS_open, path, 1), ETXTBSY);
	CHECK_ERR(sys(SYS_openat, -100, path, 2), ETXTBSY);
	CHECK_ERR(sys(SYS_openat2, -100, path, systest_value(512, &how), sizeof(how)), ETXTBSY);
	CHECK_ERR(sys(SYS_creat, path, 0644), ETXTBSY);
	CHECK_ERR(sys(SYS_truncate, path, 0), ETXTBSY);
	CHECK_EQ(run_elsewhere(other), 0);
	CHECK_EQ(sys(SYS_open, path, 0), 3);
	process_teardown(other, 0);
	process_put(other);
	CHECK_EQ(sys(SYS_open, path, 1), 4);
	remove_files();
}

static void exec_program(void)
{
	const uint64_t argv[2] = { systest_string(512, "name"), 0 };

	run(DIRECTORY "/program");
	sys(SYS_execve, systest_string(0, DIRECTORY "/program"), systest_put(600, argv, sizeof(argv)), 0);
	process_exit(9 << 8);
}

static void exec_script(void)
{
	run(DIRECTORY "/script");
	process_exit(9 << 8);
}

SYSTEST(execve_becomes_the_program)
{
	make_files();
	CHECK_EQ(systest_program(exec_program), 0);
	CHECK_EQ(systest_program(exec_script), 0);
	remove_files();
}

/* ---- execveat ---- */

#define AT UINT64_C(0xffffffffffffff9c) /* AT_FDCWD */

static long run_at(uint64_t dir, const char *path, unsigned flags)
{
	return sys(SYS_execveat, dir, systest_string(0, path), 0, 0, flags);
}

static long open_at(const char *path, unsigned flags)
{
	return sys(SYS_open, systest_string(0, path), flags, 0);
}

SYSTEST(execveat_refuses)
{
	long dir;

	make_files();
	dir = open_at(DIRECTORY, O_PATH);
	CHECK_EQ(dir, 3);
	CHECK_EQ(sys(SYS_symlink, systest_string(0, "program"), systest_string(64, DIRECTORY "/link")), 0);
	CHECK_ERR(run_at(AT, DIRECTORY "/program", 1), EINVAL);
	CHECK_ERR(run_at(99, "program", 0), EBADF);
	CHECK_ERR(run_at(99, "", AT_EMPTY_PATH), EBADF);
	CHECK_ERR(run_at(99, "", 0), ENOENT);
	CHECK_ERR(run_at(dir, "", AT_EMPTY_PATH), EACCES);
	CHECK_ERR(run_at(AT, "", AT_EMPTY_PATH), EACCES);
	CHECK_ERR(run_at(0, "", AT_EMPTY_PATH), EACCES);
	CHECK_ERR(run_at(dir, "secret", 0), EACCES);
	CHECK_ERR(run_at(dir, "text", 0), ENOEXEC);
	CHECK_ERR(run_at(dir, "link", AT_SYMLINK_NOFOLLOW), ELOOP);
	CHECK_ERR(run_at(1, "program", 0), ENOTDIR);
	CHECK_EQ(open_at(DIRECTORY "/program", O_WRONLY), 4);
	CHECK_ERR(run_at(dir, "program", 0), ETXTBSY);
	CHECK_ERR(run_at(4, "", AT_EMPTY_PATH), ETXTBSY);
	CHECK_ERR(sys(SYS_execveat, dir, systest_string(0, "program"), SYSTEST_BAD, 0, 0), EFAULT);
	CHECK_EQ(sys(SYS_unlink, systest_string(0, DIRECTORY "/link")), 0);
	remove_files();
}

SYSTEST(execveat_limits_arguments)
{
	const uint64_t pointers[64] = { [0 ... 62] = SYSTEST_MEM + 4096 };

	for (unsigned i = 0; i < 4000; i++)
		systest_put(4096 + i, "a", 1);
	systest_put(1024, pointers, sizeof(pointers));
	CHECK_ERR(sys(SYS_execveat, AT, systest_string(0, "/nowhere"), SYSTEST_MEM + 1024, 0, 0), E2BIG);
}

/* The interpreter could not open it. */
SYSTEST(execveat_of_a_script_whose_descriptor_is_closed)
{
	make_files();
	CHECK_EQ(open_at(DIRECTORY "/script", O_RDONLY | O_CLOEXEC), 3);
	CHECK_ERR(run_at(3, "", AT_EMPTY_PATH), ENOENT);
	remove_files();
}

static void exec_in_directory(void)
{
	run_at((uint64_t)open_at(DIRECTORY, O_PATH), "program", 0);
	process_exit(9 << 8);
}

static void exec_descriptor(void)
{
	run_at((uint64_t)open_at(DIRECTORY "/program", O_PATH | O_CLOEXEC), "", AT_EMPTY_PATH);
	process_exit(9 << 8);
}

static void exec_open_script(void)
{
	run_at((uint64_t)open_at(DIRECTORY "/script", O_RDONLY), "", AT_EMPTY_PATH);
	process_exit(9 << 8);
}

static void exec_nameless(void)
{
	long from = open_at(DIRECTORY "/program", O_RDONLY);
	long fd = sys(SYS_memfd_create, systest_string(0, "program"), 0);

	sys(SYS_sendfile, fd, from, 0, 256);
	run_at((uint64_t)fd, "", AT_EMPTY_PATH);
	process_exit(9 << 8);
}

SYSTEST(execveat_becomes_the_program)
{
	make_files();
	CHECK_EQ(systest_program(exec_in_directory), 0);
	CHECK_EQ(systest_program(exec_descriptor), 0);
	CHECK_EQ(systest_program(exec_open_script), 0);
	CHECK_EQ(systest_program(exec_nameless), 0);
	remove_files();
}

/* ---- strings and stack ---- */

TEST(exec_strings_insert_and_drop)
{
	struct exec_strings strings = { 0 };

	CHECK_EQ(exec_strings_insert_arg(&strings, 0, "b"), 0);
	CHECK_EQ(exec_strings_insert_arg(&strings, 0, "a"), 0);
	CHECK_EQ(exec_strings_insert_arg(&strings, 2, "c"), 0);
	CHECK_EQ(exec_strings_add(&strings, "X=1", 3), 0);
	CHECK_EQ(strings.arg_count, 3);
	CHECK_EQ(memcmp(strings.text, "a\0b\0c\0X=1", 10), 0);
	exec_strings_drop_first(&strings);
	CHECK_EQ(strings.arg_count, 2);
	CHECK_EQ(memcmp(strings.text, "b\0c\0X=1", 8), 0);
	exec_strings_free(&strings);
}

TEST(exec_strings_are_bounded)
{
	struct exec_strings strings = { 0 };
	char *big = heap_alloc(40000);
	int err = 0;

	CHECK(big);
	memset(big, 'x', 40000);
	for (int i = 0; i < 10 && !err; i++)
		err = exec_strings_add(&strings, big, 40000);
	heap_free(big);
	exec_strings_free(&strings);
	CHECK_ERR(err, E2BIG);
}

static uint64_t word_at(struct aspace *as, uint64_t address)
{
	uint64_t word = 0;

	if (aspace_read(as, address, &word, sizeof(word)))
		test_fail(__FILE__, __LINE__, "no stack at %lx", (unsigned long)address);
	return word;
}

static uint64_t aux(struct aspace *as, uint64_t vector, uint64_t type)
{
	for (unsigned i = 0; i < 64 && word_at(as, vector + 16 * i); i++)
		if (word_at(as, vector + 16 * i) == type)
			return word_at(as, vector + 16 * i + 8);
	return UINT64_MAX;
}

static bool string_at(struct aspace *as, uint64_t address, const char *expected)
{
	char text[32] = { 0 };

	return !aspace_read(as, address, text, strlen(expected) + 1) && !strcmp(text, expected);
}

SYSTEST(exec_stack_is_as_the_abi_says)
{
	const struct elf_image image = { .entry = 0x401000, .headers = 0x400040, .header_count = 5 };
	struct exec_strings strings = { 0 };
	struct aspace *as;
	uint64_t sp;

	CHECK_EQ(exec_strings_insert_arg(&strings, 0, "prog"), 0);
	CHECK_EQ(exec_strings_insert_arg(&strings, 1, "-v"), 0);
	CHECK_EQ(exec_strings_add(&strings, "HOME=/", 6), 0);
	strings.env_count = 1;
	CHECK_EQ(aspace_create(&as), 0);
	CHECK_EQ(exec_stack_make(process_current(), as, &image, &strings, "/bin/prog", &sp), 0);
	exec_strings_free(&strings);
	CHECK_EQ(sp % 16, 0);
	CHECK_EQ(word_at(as, sp), 2);
	CHECK(string_at(as, word_at(as, sp + 8), "prog"));
	CHECK(string_at(as, word_at(as, sp + 16), "-v"));
	CHECK_EQ(word_at(as, sp + 24), 0);
	CHECK(string_at(as, word_at(as, sp + 32), "HOME=/"));
	CHECK_EQ(word_at(as, sp + 40), 0);
	CHECK_EQ(aux(as, sp + 48, 9), 0x401000);
	CHECK_EQ(aux(as, sp + 48, 3), 0x400040);
	CHECK_EQ(aux(as, sp + 48, 5), 5);
	CHECK_EQ(aux(as, sp + 48, 6), PAGE_SIZE);
	CHECK_EQ(aux(as, sp + 48, 23), 0);
	CHECK(string_at(as, aux(as, sp + 48, 31), "/bin/prog"));
	CHECK(string_at(as, aux(as, sp + 48, 15), "x86_64"));
	CHECK(word_at(as, aux(as, sp + 48, 25)) != word_at(as, aux(as, sp + 48, 25) + 8));
	CHECK_EQ(aux(as, sp + 48, 33), UINT64_MAX);
	aspace_put(as);
}
