/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of the tool side of programs: "saki-program-test SEED.prog...". One line a test, as the test driver reads it.
 * "saki-program-test --c PROGRAM" writes a reproducer.
 */
#include <fuzz/host/minimize.h>
#include <fuzz/host/mutate.h>
#include <fuzz/host/program_c.h>
#include <fuzz/host/program_edit.h>
#include <fuzz/host/program_text.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_INPUTS 100000
#define MUTATIONS 1000000
#define SLOTS 16

static struct program program;
static uint8_t data[CHANNEL_INPUT_MAX], first[2 * CHANNEL_INPUT_MAX], second[2 * CHANNEL_INPUT_MAX];
static int failures;

static void tell(const char *name, bool ok, const char *why)
{
	if (ok)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
	failures += !ok;
}

static bool is_canonical(const uint8_t *bytes, size_t size)
{
	program_decode(&program, bytes, size);
	return program_encode(&program, second, sizeof(second)) == size && memcmp(bytes, second, size) == 0;
}

/* Bytes to text and back to the same bytes. */
static bool text_comes_back(const uint8_t *bytes, size_t size)
{
	static uint8_t back[2 * CHANNEL_INPUT_MAX];
	char error[PROGRAM_ERROR_MAX], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	ssize_t n;

	if (!out)
		return false;
	program_decode(&program, bytes, size);
	program_print(out, &program, NULL);
	fclose(out);
	n = program_parse("text", text, len, back, sizeof(back), error);
	free(text);
	return n >= 0 && (size_t)n == size && memcmp(back, bytes, size) == 0;
}

static void test_random_bytes(void)
{
	bool canonical = true, text = true;
	uint64_t random = 1;

	for (unsigned i = 0; i < RANDOM_INPUTS && canonical && text; i++) {
		size_t size = i % 300, encoded;

		for (size_t n = 0; n < size; n++)
			data[n] = (uint8_t)((random = random * 6364136223846793005u + 1442695040888963407u) >> 56);
		program_decode(&program, data, size);
		encoded = program_encode(&program, first, sizeof(first));
		canonical = is_canonical(first, encoded);
		text = i % 16 || text_comes_back(first, encoded);
	}
	tell("any_bytes_are_a_program", canonical, "decode and encode do not agree");
	tell("text_of_any_program_comes_back", text, "another program came back");
}

static void test_seeds(int count, char **paths)
{
	char error[PROGRAM_ERROR_MAX];

	for (int i = 0; i < count; i++) {
		ssize_t size = program_load(paths[i], data, sizeof(data), error);

		if (size <= 0 || !is_canonical(data, (size_t)size) || !text_comes_back(data, (size_t)size)) {
			tell("seeds_come_back", false, size < 0 ? error : paths[i]);
			return;
		}
	}
	tell("seeds_come_back", count > 0, "there are none");
}

static void test_mutations(void)
{
	static uint8_t slots[SLOTS][CHANNEL_INPUT_MAX];
	static struct compares compares = {
		.count = 2, .entries = { { .a = 4097, .b = 0, .size = 4 }, { .a = 7, .b = 1, .size = 8 } }
	};
	struct mutator *mutator = mutator_open(MUTATE_PROGRAM, &compares);
	size_t sizes[SLOTS] = { 0 };
	bool ok = mutator != NULL, repeats = true;

	for (unsigned i = 0; ok && repeats && i < MUTATIONS; i++) {
		unsigned k = i % SLOTS, other = (k + 5) % SLOTS;
		size_t max = i % 7 ? 16384 : 64 + i % 300, size;

		if (i % 9 == 0)
			size = mutate_cross(mutator, slots[k], sizes[k], slots[other], sizes[other], first, max, i);
		else
			size = mutate(mutator, slots[k], sizes[k], first, max, i);
		ok = size <= max && (size > 0 || i % 9 == 0) && is_canonical(first, size);
		if (i % 9 && i % 100 == 1)
			repeats = mutate(mutator, slots[k], sizes[k], second, max, i) == size &&
				  !memcmp(first, second, size);
		memcpy(slots[k], first, size);
		sizes[k] = program.call_count > 20 ? 0 : size;
	}
	mutator_close(mutator);
	tell("mutants_are_canonical_and_fit", ok, "one is not");
	tell("mutations_repeat_by_seed", repeats, "the same seed gave another mutant");
}

/* "Fails" while a write of at least 100 bytes to something that a pipe made is there. */
static bool writes_to_pipe(const uint8_t *bytes, size_t size, void *context)
{
	(void)context;
	program_decode(&program, bytes, size);
	for (unsigned i = 0; i < program.call_count; i++) {
		const struct program_node *fd = &program.nodes[program.calls[i].node];

		if (!strcmp(program.calls[i].desc->name, "write") && fd->form == PROGRAM_REF &&
		    !strcmp(program.resources[fd->value].kind->name, "fd_pipe_w") && program_has_target(fd + 1) &&
		    fd[2].count >= 100)
			return true;
	}
	return false;
}

static void test_minimize(void)
{
	static const char text[] =
		"getpid()\nr0 = open(\"f0\", O_RDWR, 0644)\nr1, r2 = pipe2(O_NONBLOCK)\nread(r1, _, 10)\n"
		"write(r2, \"abcdefgh\"*50, len)\nclose(r0)\n";
	char error[PROGRAM_ERROR_MAX];
	ssize_t size = program_parse("text", text, sizeof(text) - 1, data, sizeof(data), error);
	size_t small = size > 0 ? minimize_input("syscall", data, (size_t)size, writes_to_pipe, NULL) : 0;

	program_decode(&program, data, small);
	tell("minimize_keeps_only_what_is_needed",
	     writes_to_pipe(data, small, NULL) && program.call_count == 2 && small < 20, "there is more");
}

/* "Fails" while the third byte is an x. */
static bool has_x(const uint8_t *bytes, size_t size, void *context)
{
	(void)context;
	return size > 2 && bytes[2] == 'x';
}

static void test_minimize_bytes(void)
{
	static const uint8_t small[] = { 0, 0, 'x' };
	uint8_t bytes[] = "abxdefghijklmnopqrstuvw";
	size_t size = minimize_input("net", bytes, sizeof(bytes), has_x, NULL);

	tell("minimize_clears_bytes", size == sizeof(small) && !memcmp(bytes, small, size), "others are left");
}

/* A slice has what it needs and no more: the pipe's end that is written to, not the file that is closed. */
static void test_slice(void)
{
	static const char text[] =
		"getpid()\nr0 = open(\"f0\", O_RDWR, 0644)\nr1, r2 = pipe2(O_NONBLOCK)\nr3 = dup(r2)\n"
		"close(r0)\nwrite(r3, \"abc\", len)\nread(r0, _, 10)\n";
	static const char *const wanted[] = { "pipe2", "dup", "write" };
	static struct program slice;
	char error[PROGRAM_ERROR_MAX];
	ssize_t size = program_parse("text", text, sizeof(text) - 1, data, sizeof(data), error);
	bool ok;

	program_decode(&program, data, size > 0 ? (size_t)size : 0);
	program_slice(&program, 5, 1, &slice);
	ok = slice.call_count == 3;
	for (unsigned i = 0; ok && i < 3; i++)
		ok = !strcmp(slice.calls[i].desc->name, wanted[i]);
	ok = ok && slice.nodes[slice.calls[2].node].form == PROGRAM_REF;
	tell("slice_has_what_it_needs", ok, "other calls, or a lost reference");
	program_slice(&program, 0, PROGRAM_CALLS_MAX, &slice);
	tell("slice_of_all_is_all",
	     program_encode(&slice, first, sizeof(first)) == (size_t)size && !memcmp(first, data, (size_t)size),
	     "another program");
}

/* Threads go with the call that makes them: kept where a call of theirs is, named anew, the first one's without it. */
static void test_threads(void)
{
	static const char text[] = "r0 = fork()\nr1 = fork()\n@1 getpid()\n@2 getuid()\n@2 r2 = vfork()\n@3 getgid()\n";
	static struct program slice;
	struct program_copy copy;
	char error[PROGRAM_ERROR_MAX];
	ssize_t size = program_parse("text", text, sizeof(text) - 1, data, sizeof(data), error);

	program_decode(&program, data, size > 0 ? (size_t)size : 0);
	tell("threads_are_numbered", program.thread_count == 3 && program.calls[5].thread == 3, "otherwise");
	program_slice(&program, 5, 1, &slice);
	tell("slice_has_the_maker_of_a_thread",
	     slice.call_count == 3 && slice.calls[1].thread == 1 && slice.calls[2].thread == 2, "other threads");
	program_copy_start(&copy, &program, &slice);
	program_copy_call(&copy, 1);
	program_copy_call(&copy, 2);
	program_copy_call(&copy, 3);
	tell("threads_are_named_anew", slice.calls[1].thread == 0 && slice.calls[2].thread == 1, "other threads");
}

static int write_c(const char *path)
{
	char error[PROGRAM_ERROR_MAX];
	ssize_t size = program_load(path, data, sizeof(data), error);

	if (size < 0)
		return 1;
	program_decode(&program, data, (size_t)size);
	program_write_c(stdout, &program);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--c"))
		return write_c(argv[2]);
	test_random_bytes();
	test_seeds(argc - 1, argv + 1);
	test_mutations();
	test_minimize();
	test_minimize_bytes();
	test_slice();
	test_threads();
	return failures != 0;
}
