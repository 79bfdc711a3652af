/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the system calls of one program (fuzz/abi/program.h), in a process with a small arena of memory and a few files
 * to play with. Finds: whatever a program can do to the kernel, or learn wrongly from it. The runner is told two words
 * a call: its result, and a hash of what it wrote (and of whether it was blocked). Seeds: harnesses/seeds/syscall/,
 * recorded from real programs and written by hand.
 */
#include <fuzz/abi/program_place.h>
#include <kernel/aspace.h>
#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/harness_profile.h>
#include <kernel/process.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#define READ_BACK_MAX 8192 /* bytes written by a call that are looked at */
#define FIXTURE_HOME "/home"

#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define O_RDWR 2
#define O_CREAT 0100

/* Nothing of it outlives an input. */
static struct scratch {
	struct program program;
	uint64_t values[PROGRAM_RESOURCES_MAX];
	/* Of each thread: its call may sleep while others make theirs. */
	struct room {
		struct program_placement placement;
		uint8_t bytes[READ_BACK_MAX];
	} rooms[PROGRAM_THREADS_MAX];
} *scratch;

static struct process *process;
static struct aspace *arena_space;

/* ---- setup ---- */

static long call(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t args[6] = { a, b, c, 0, 0, 0 };

	return syscall_dispatch(number, args);
}

/* Puts a string into the arena for a call of the setup. */
static uint64_t text(unsigned slot, const char *string)
{
	uint64_t address = PROGRAM_ARENA + slot * 256;

	return user_copy_out(address, string, strlen(string) + 1) ? 0 : address;
}

static int make_file(const char *path, size_t size)
{
	long fd = call(SYS_open, text(0, path), O_RDWR | O_CREAT, 0644);
	static const char line[] = PROGRAM_FIXTURE_LINE;

	if (fd < 0)
		return (int)fd;
	for (size_t done = 0; done < size; done += sizeof(line) - 1)
		if (call(SYS_write, (uint64_t)fd, text(1, line), sizeof(line) - 1) < 0)
			return -EIO;
	return (int)call(SYS_close, (uint64_t)fd, 0, 0);
}

/* The files of program_paths[]. */
static int make_fixture(void)
{
	int err;

	call(SYS_mkdir, text(0, FIXTURE_HOME), 0755, 0);
	err = (int)call(SYS_chdir, text(0, FIXTURE_HOME), 0, 0);
	if (!err)
		err = make_file("f0", 64);
	if (!err)
		err = make_file("f1", 0);
	if (!err)
		err = (int)call(SYS_mkdir, text(0, "d0"), 0755, 0);
	if (!err)
		err = make_file("d0/f2", 2 * PAGE_SIZE);
	if (!err)
		err = (int)call(SYS_symlink, text(0, "f0"), text(1, "l0"), 0);
	if (!err)
		err = (int)call(SYS_symlink, text(0, "d0"), text(1, "l1"), 0);
	if (!err)
		err = (int)call(SYS_symlink, text(0, "l2"), text(1, "l2"), 0);
	return err;
}

/*
 * Makes every page of the arena before the snapshot: an input then changes memory but no page tables. The pages are
 * written through the program's addresses only, which is told to the tracker page by page.
 */
static int touch_arena(void)
{
	phys_t phys;
	int err = 0;

	for (uint64_t page = PROGRAM_ARENA; !err && page < PROGRAM_ARENA + PROGRAM_ARENA_SIZE; page += PAGE_SIZE) {
		err = user_zero(page, PAGE_SIZE);
		if (!err)
			err = arch_pagetable_lookup(&process->aspace->tables, page, &phys, NULL);
		if (!err)
			snapshot_mark_area(arch_phys_to_virt(phys), PAGE_SIZE);
	}
	return err;
}

static int syscall_setup(void)
{
	long arena;
	int err;

	scratch = harness_room(sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	err = process_create("program", &process);
	if (err)
		return err;
	process_enter(process);
	/* The arena outlives the process: taking it down and resetting that would cost more than most programs. */
	arena_space = aspace_get(process->aspace);
	arena = aspace_mmap(process->aspace, PROGRAM_ARENA, PROGRAM_ARENA_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, NULL, 0);
	if (arena < 0)
		return (int)arena;
	err = make_fixture();
	return err ? err : touch_arena();
}

/* ---- running ---- */

/* A program may have taken its arena's memory away: its arguments then are not there, which the calls notice. */
static void put_bytes(void *room UNUSED, uint64_t address, const void *data, size_t len)
{
	int err = user_copy_out(address, data, len);

	(void)err;
}

static void put_fill(void *context, uint64_t address, uint8_t byte, size_t len)
{
	struct room *room = context;

	memset(room->bytes, byte, min(len, sizeof(room->bytes)));
	while (len > 0) {
		size_t n = min(len, sizeof(room->bytes));

		put_bytes(room, address, room->bytes, n);
		address += n;
		len -= n;
	}
}

static uint64_t resource_value(void *room UNUSED, unsigned index, uint64_t address UNUSED, unsigned size UNUSED)
{
	return scratch->values[index];
}

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

static uint64_t read_resource(const struct room *room, const struct program_resource *resource, long result)
{
	uint64_t address, value = 0;

	if (failed(result))
		return UINT64_MAX;
	if (resource->arg < 0)
		return (uint64_t)result;
	address = program_resource_address(&room->placement, resource);
	if (!address || user_copy_in(&value, address, resource->kind->size))
		return UINT64_MAX;
	return value;
}

static void note_resources(const struct room *room, const struct program_call *made, long result)
{
	for (unsigned i = 0; i < made->resource_count; i++) {
		unsigned index = made->resource + i;

		scratch->values[index] = read_resource(room, &scratch->program.resources[index], result);
	}
}

static bool varies(const struct desc_type *target)
{
	return target->kind == DESC_BYTES && (target->length >= 0 || target->min != target->max);
}

/* Clears what may differ from one machine to the next, such as the size of its memory. */
static void hide_machine(const struct desc_type *type, uint8_t *bytes, size_t size)
{
	if (type->kind != DESC_STRUCT)
		return;
	for (unsigned i = 0; i < type->field_count; i++) {
		const struct desc_field *field = &type->fields[i];

		if ((field->type->flags & DESC_MACHINE) && field->offset + field->type->size <= size)
			memset(bytes + field->offset, 0, field->type->size);
	}
}

/* Gathers what the call wrote. Where a call fills bytes up to a length, its result says how many there are. */
static size_t read_areas(struct room *room, const struct program_call *made, long result, size_t used)
{
	uint64_t left = made->desc->result ? (uint64_t)result : UINT64_MAX;

	for (unsigned i = 0; i < room->placement.area_count; i++) {
		const struct program_area *area = &room->placement.areas[i];
		uint64_t size = area->size;

		if (varies(area->type)) {
			size = min(size, left);
			left -= left == UINT64_MAX ? 0 : size;
		}
		size = min(size, READ_BACK_MAX - used);
		if (user_copy_in(room->bytes + used, area->address, (size_t)size))
			continue;
		hide_machine(area->type, room->bytes + used, (size_t)size);
		used += (size_t)size;
	}
	return used;
}

static void run_call(uint32_t index, struct room *room)
{
	const struct program_sink sink = { room, put_bytes, put_fill, resource_value };
	const struct program_call *made = &scratch->program.calls[index];
	size_t used = 1;
	long result;

	program_place(&scratch->program, index, &sink, &room->placement);
	harness_phase_call(made->desc->number);
	result = syscall_dispatch(made->desc->number, room->placement.args);
	harness_phase_enter(PHASE_ARGUMENTS);
	harness_result(2 * index, (uint64_t)result);
	note_resources(room, made, result);
	room->bytes[0] = harness_call_blocked();
	if (!failed(result))
		used = read_areas(room, made, result, used);
	harness_result_bytes(2 * index + 1, room->bytes, used);
}

static bool exists_here(const struct desc_call *desc)
{
	return desc->flags & (IS_ENABLED(CONFIG_ARCH_HOST) ? DESC_CALL_HOST : DESC_CALL_VM);
}

static unsigned thread_of(uint32_t index)
{
	return scratch->program.calls[index].thread;
}

static unsigned made_by(uint32_t index)
{
	return scratch->program.calls[index].makes;
}

static void make_call(uint32_t index, unsigned thread)
{
	harness_call_begin(index);
	if (exists_here(scratch->program.calls[index].desc)) {
		run_call(index, &scratch->rooms[thread]);
	} else {
		harness_result(2 * index, (uint64_t)-ENOSYS);
		harness_result(2 * index + 1, 0);
	}
}

static struct harness_calls calls = { .thread = thread_of, .makes = made_by, .make = make_call };

static int syscall_run(const uint8_t *data, size_t size)
{
	harness_phase_enter(PHASE_DECODE);
	program_decode(&scratch->program, data, size);
	harness_phase_enter(PHASE_ARGUMENTS);
	memset(scratch->values, 0xff, scratch->program.resource_count * sizeof(scratch->values[0]));
	calls.count = scratch->program.call_count;
	harness_make_calls(&calls);
	return 0;
}

/* True when the program's memory is the arena, as it was set up, and nothing else. */
static bool only_arena(const struct aspace *as)
{
	const struct region *first;

	if (list_empty(&as->regions) || as->regions.next != as->regions.prev)
		return false;
	first = list_first(&as->regions, struct region, node);
	return first->start == PROGRAM_ARENA && first->end == PROGRAM_ARENA + PROGRAM_ARENA_SIZE && !first->file;
}

/* What the program mapped goes, with the files behind it; the arena stays where it was left alone. */
static void unmap_program(struct aspace *as)
{
	if (!only_arena(as))
		aspace_munmap(as, 0, USER_END);
}

static void syscall_teardown(void)
{
	harness_threads_end();
	process_forget_children();
	process_teardown(process, 0);
	unmap_program(arena_space);
}

HARNESS(syscall, .setup = syscall_setup, .run = syscall_run, .teardown = syscall_teardown, .max_size = 16 * KIB,
	.about = "system calls of one process, with typed arguments");
