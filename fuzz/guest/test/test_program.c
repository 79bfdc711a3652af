/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs in the kernel: the same decoder as the host tools', on bytes that mean something and on any others.
 */
#include <fuzz/abi/program_place.h>
#include <kernel/string.h>
#include <kernel/test.h>

#define ROUNDS 300
#define SIZE 512

static struct program program, again;
static struct program_placement placement;
static uint8_t bytes[SIZE], first[4 * SIZE], second[4 * SIZE];
static unsigned stray;  /* bytes put outside of the arena */

static bool in_arena(uint64_t address, size_t len)
{
	return address >= PROGRAM_ARENA && len <= PROGRAM_ARENA_SIZE &&
	       address - PROGRAM_ARENA <= PROGRAM_ARENA_SIZE - len;
}

static void put(void *context UNUSED, uint64_t address, const void *data UNUSED, size_t len)
{
	stray += !in_arena(address, len);
}

static void put_fill(void *context UNUSED, uint64_t address, uint8_t byte UNUSED, size_t len)
{
	stray += !in_arena(address, len);
}

static uint64_t value_of(void *context UNUSED, unsigned index, uint64_t address UNUSED, unsigned size UNUSED)
{
	return 100 + index;
}

static const struct program_sink sink = { NULL, put, put_fill, value_of };

static void fill_random(uint64_t seed)
{
	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		bytes[i] = (uint8_t)(seed >> 56);
	}
}

TEST(program_decodes_a_pipe_and_what_uses_it)
{
	/* pipe2(O_NONBLOCK); write(the last descriptor, "abc", 3) */
	static const uint8_t wire[] = {
		0x25, 0x01, 0, 4, 0, 0xc1, 0x00, 0x08, 0x01, 0x00, 0, 6, 0, 0, 3, 'a', 'b', 'c'
	};
	const struct program_node *fd;

	program_decode(&program, wire, sizeof(wire));
	CHECK_EQ(program.call_count, 2);
	CHECK_STR(program.calls[0].desc->name, "pipe2");
	CHECK_STR(program.calls[1].desc->name, "write");
	CHECK_EQ(program.resource_count, 2);
	fd = &program.nodes[program.calls[1].node];
	CHECK_EQ(fd->form, PROGRAM_REF);
	CHECK_EQ(fd->value, 1);
	stray = 0;
	program_place(&program, 1, &sink, &placement);
	CHECK_EQ(placement.args[0], 101);
	CHECK_EQ(placement.args[1], PROGRAM_ARENA);
	CHECK_EQ(placement.args[2], 3);
	CHECK_EQ(stray, 0);
}

TEST(program_canonical_form_is_stable)
{
	for (uint64_t round = 0; round < ROUNDS; round++) {
		size_t size, size_again;

		fill_random(round);
		program_decode(&program, bytes, SIZE);
		size = program_encode(&program, first, sizeof(first));
		CHECK(program.call_count == 0 || size > 0);
		program_decode(&again, first, size);
		size_again = program_encode(&again, second, sizeof(second));
		CHECK_EQ(size_again, size);
		CHECK(!memcmp(first, second, size));
		CHECK_EQ(again.node_count, program.node_count);
		CHECK_EQ(again.resource_count, program.resource_count);
	}
}

TEST(program_arguments_stay_in_the_arena)
{
	stray = 0;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		fill_random(round + 1000000);
		program_decode(&program, bytes, SIZE);
		for (unsigned i = 0; i < program.call_count; i++)
			program_place(&program, i, &sink, &placement);
	}
	CHECK_EQ(stray, 0);
}

TEST(program_leaves_out_what_needs_code)
{
	/* fork, execve, rt_sigreturn, reboot */
	static const uint8_t numbers[] = { 57, 59, 15, 169 };

	for (size_t i = 0; i < array_size(numbers); i++) {
		const uint8_t wire[] = { numbers[i], 0, 0, 0 };

		program_decode(&program, wire, sizeof(wire));
		CHECK_EQ(program.call_count, 1);
		CHECK(program_has_call(program.calls[0].desc));
	}
}
