/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lays a call's arguments in the program's memory and tells the argument words. The same placement is used by the
 * harness and by the writer of C reproducers, so a reproducer makes the same calls with the same addresses.
 */
#pragma once

#include <fuzz/abi/program.h>

#define PROGRAM_IMAGE_SIZE 0x800 /* the small inputs */
#define PROGRAM_AREAS_MAX 24

/* How the bytes get to the program's memory. Addresses are the program's; ranges lie in the arena. */
struct program_sink {
	void *context;
	void (*bytes)(void *context, uint64_t address, const void *data, size_t len);
	void (*fill)(void *context, uint64_t address, uint8_t byte, size_t len);
	/* The value of resources[index], wanted as an argument (address 0) or in memory at address in size bytes. */
	uint64_t (*resource)(void *context, unsigned index, uint64_t address, unsigned size);
};

/* Memory that the call may write. */
struct program_area {
	uint64_t address, size;
	const struct desc_type *type; /* of the target */
	int8_t arg;   /* argument that points to it, -1: something further down does */
};

struct program_placement {
	uint64_t args[DESC_ARGS_MAX];
	uint32_t area_count;
	struct program_area areas[PROGRAM_AREAS_MAX];
	/* Private: what is handed out of the arena so far. */
	uint64_t small_in, small_out, large_in, large_out;
	uint8_t image[PROGRAM_IMAGE_SIZE];
};

/* Lays out call `index`. Nothing of it depends on earlier calls but through sink->resource. */
void program_place(const struct program *program, unsigned index, const struct program_sink *sink,
		   struct program_placement *placement);
/* The address that holds what a resource's call wrote there; 0 when that call had no memory for it. */
uint64_t program_resource_address(const struct program_placement *placement, const struct program_resource *resource);
