/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is read in a machine's memory from outside, when that is not as it should be: a machine is stopped in a
 * program, and what leads from its registers to threads, processes and mappings is damaged at random, a great many
 * times. The memory ends at a page that nobody may touch. Usage: saki-prof-outside-test FOLDER SOCKET SAKI-RUN'S
 * ARGUMENTS... Prints "ok NAME" and "not ok NAME: reason".
 */
#include "../outside/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <instrumentation/trace/host/recorder.h>
#include <instrumentation/trace/host/stream.h>
#include <plat/run/image.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 100000
#define BEFORE_NS 700000000	/* how long the machine runs */
#define SLOW_NS UINT64_C(2000000000)

static const char *folder, *socket_path;
static struct guest guest = { .stack_max = 8192 };
static struct gdb_stub stub;
static struct outside_stream stream;
static uint8_t *memory;
static size_t memory_size;

static void say(const char *name, const char *error)
{
	printf(error ? "not ok %s: %s\n" : "ok %s\n", name, error);
	fflush(stdout);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t draw(void)
{
	static uint64_t state = 1;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* ---- the machine ---- */

static int copy_memory(int fd)
{
	struct guest_memory source = { 0 };
	int err = guest_memory_map(&source, fd);

	if (err)
		return err;
	memory_size = source.size;
	memory = mmap(NULL, memory_size + GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + memory_size, GUEST_PAGE, PROT_NONE))
		return -errno;
	memcpy(memory, source.bytes, memory_size);
	guest_memory_unmap(&source);
	return 0;
}

/* Runs it until it is in its program, and keeps what it is then. Always false: it is not needed any more. */
static bool take(void *context, const struct machine *machine, int stream_fd)
{
	const struct timespec wait = { .tv_nsec = 5000000 }, run = { .tv_nsec = BEFORE_NS };
	bool *taken = context;
	char error[GDB_ERROR];

	while (gdb_stub_open(&stub, socket_path))
		if (machine_has_ended(machine) || nanosleep(&wait, NULL))
			return false;
	if (gdb_stub_begin(&stub, error) || !gdb_stub_continue(&stub))
		return false;
	for (unsigned i = 0; i < 10; i++) {
		nanosleep(&run, NULL);
		if (!gdb_stub_stop(&stub))
			return false;
		if (guest_is_program(stub.cpus[0].registers[GDB_RIP]) && stub.cpus[0].registers[GDB_GS_BASE])
			break;
		gdb_stub_continue(&stub);
	}
	*taken = !copy_memory(machine->memory_fd);
	return false;
}

static const char *take_machine(char **arguments)
{
	char preset[] = "default", kernel[4096], error[PROFILE_ERROR];
	bool taken = false;
	const struct recorder_options options = { .folder = folder,
						  .preset = preset,
						  .words = "",
						  .arguments = arguments,
						  .watch = take,
						  .context = &taken };
	struct recorder_result result;

	recorder_run(&options, &result);
	if (!taken)
		return "no machine could be stopped in its program";
	snprintf(kernel, sizeof(kernel), "%s/" RECORDER_KERNEL, folder);
	if (layout_read(&guest.layout, kernel, error))
		return "its kernel's debug information does not say what is needed";
	guest.memory.bytes = memory;
	guest.memory.size = memory_size;
	return NULL;
}

/* ---- looking ---- */

static union {
	struct trace_chain chain;
	uint8_t room[GUEST_CHAIN_MAX];
} chain;

/* As the sampler does. @return the chain's length in words, 0: nobody runs */
static unsigned look(struct guest_known *known, const struct gdb_cpu *cpu, struct guest_thread *thread)
{
	struct outside_at at = { .time_ns = 1 };
	size_t size;

	guest_memory_use(&guest.memory, cpu->registers[GDB_CR3]);
	if (!guest_thread_find(&guest, cpu, thread))
		return 0;
	if (!guest.is_placed)
		guest_place(&guest);
	at.cpu = thread->cpu_id;
	at.thread = thread->id;
	size = guest_chain_make(&guest, cpu, thread, &chain.chain);
	guest_known_tell(known, &guest, &stream, &at, thread, chain.chain.words + chain.chain.kernel_count,
			 chain.chain.user_count);
	outside_stream_sample(&stream, &at, 1, &chain.chain, size);
	return chain.chain.kernel_count + chain.chain.user_count;
}

static const char *look_undamaged(void)
{
	struct guest_known *known = guest_known_new();
	struct guest_thread thread;
	const char *error = NULL;

	if (!look(known, &stub.cpus[0], &thread))
		error = "nobody runs";
	else if (!thread.process || !thread.pid || !thread.name[0])
		error = "the thread has no process with a name";
	else if (chain.chain.flags != TRACE_IN_PROGRAM || !chain.chain.stack_size)
		error = "it is not in its program, with its stack";
	else if (!guest_known_find(known, stub.cpus[0].registers[GDB_RIP]))
		error = "nothing is mapped where it is";
	guest_known_free(known);
	return error;
}

/* ---- damage ---- */

#define DAMAGES 4

struct damage {
	uint64_t *word, was;
};

static uint64_t read_word(uint64_t address)
{
	uint64_t value = 0;

	return guest_memory_read(&guest.memory, address, &value, sizeof(value)) ? value : 0;
}

/* A page that the way leads through, of this machine's whole way. */
static const uint8_t *some_page(const struct gdb_cpu *cpu, const struct guest_thread *t)
{
	const struct layout *l = &guest.layout;
	uint64_t aspace = read_word(t->process + l->members[PROCESS_ASPACE].offset);
	uint64_t region = read_word(aspace + l->members[ASPACE_REGIONS].offset);
	uint64_t file = read_word(t->process + l->members[PROCESS_PROGRAM].offset);
	uint64_t stack = read_word(t->thread + l->members[THREAD_STACK_BASE].offset);
	const uint64_t on_the_way[] = {
		t->cpu,
		t->thread,
		t->process,
		aspace,
		region,
		read_word(region),
		file,
		read_word(file + l->members[FILE_DENTRY].offset),
		read_word(file + l->members[FILE_MOUNT].offset),
		cpu->registers[GDB_RSP],
		stack + read_word(t->thread + l->members[THREAD_STACK_SIZE].offset) - 1,
	};
	uint64_t choice = draw() % (sizeof(on_the_way) / sizeof(on_the_way[0]) + 1);

	if (choice == sizeof(on_the_way) / sizeof(on_the_way[0]))
		return memory + (cpu->registers[GDB_CR3] & ~UINT64_C(4095));
	return guest_memory_page(&guest.memory, on_the_way[choice]);
}

static uint64_t bad_value(uint64_t was)
{
	switch (draw() % 7) {
	case 0: return draw();
	case 1: return was ^ UINT64_C(1) << draw() % 64;
	case 2: return was + draw() % 65536 - 32768;
	case 3: return ~UINT64_C(0) - draw() % 16;
	case 4: return draw() % 256;
	case 5: return UINT64_C(0xffff800000000000) + draw() % (2 * memory_size);
	default: return (draw() % (2 * memory_size) & ~UINT64_C(4095)) | 3 | (draw() & 0x80);
	}
}

static void damage(const struct gdb_cpu *cpu, const struct guest_thread *thread, struct damage damages[DAMAGES])
{
	guest_memory_use(&guest.memory, cpu->registers[GDB_CR3]);
	for (unsigned i = 0; i < DAMAGES; i++) {
		const uint8_t *page = draw() % 2 || !i ? some_page(cpu, thread) : NULL;

		damages[i].word = page ? (uint64_t *)page + draw() % 512 : NULL;
		if (page)
			damages[i].was = *damages[i].word;
	}
	/* Afterwards, so that the way is still there to be found. */
	for (unsigned i = 0; i < DAMAGES; i++)
		if (damages[i].word)
			*damages[i].word = bad_value(damages[i].was);
}

static void repair(struct damage damages[DAMAGES])
{
	for (unsigned i = DAMAGES; i > 0; i--)
		if (damages[i - 1].word)
			*damages[i - 1].word = damages[i - 1].was;
}

static const char *look_damaged(void)
{
	struct guest_known *known = guest_known_new();
	struct guest_thread right, thread;
	struct damage damages[DAMAGES];
	const char *error = NULL;

	look(known, &stub.cpus[0], &right);
	for (unsigned i = 0; i < ROUNDS && !error; i++) {
		struct gdb_cpu cpu = stub.cpus[0];
		uint64_t began = now_ns();

		damage(&cpu, &right, damages);
		if (draw() % 4 == 0)
			cpu.registers[draw() % GDB_REGISTERS] = bad_value(draw());
		if (draw() % 2)
			cpu.registers[GDB_RIP] = guest.layout.text_start + draw() % 0x10000;
		look(known, &cpu, &thread);
		repair(damages);
		if (now_ns() - began > SLOW_NS)
			error = "a look took more than two seconds";
	}
	guest_known_free(known);
	return error;
}

/* What was written is a stream that can be read, all of it. */
static const char *read_back(const char *path)
{
	struct stream_record record;
	struct stream *reader;
	char error[STREAM_ERROR];
	unsigned count = 0;
	bool whole;

	if (stream_open(&reader, path, error))
		return "what was written is no stream";
	while (stream_next(reader, &record))
		count++;
	whole = !stream_skipped(reader) && !stream_is_cut(reader);
	stream_close(reader);
	return !whole         ? "the stream has records that cannot be read"
	       : count < 1000 ? "hardly anything was written"
			      : NULL;
}

int main(int argc, char **argv)
{
	char path[4096], error[PROFILE_ERROR];
	const char *reason;
	int fd;

	if (argc < 4)
		return run_fail(2, "usage: saki-prof-outside-test FOLDER SOCKET ARGUMENTS...");
	folder = argv[1];
	socket_path = argv[2];
	reason = take_machine(argv + 3);
	snprintf(path, sizeof(path), "%s/written", folder);
	fd = reason ? -1 : open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
	if (!reason && (fd < 0 || outside_stream_begin(&stream, fd, &guest.layout, 1, error)))
		reason = "no stream can be begun";
	if (!reason)
		reason = look_undamaged();
	say("outside_undamaged", reason);
	if (reason)
		return 1;
	say("outside_damaged", look_damaged());
	if (outside_stream_end(&stream, 1, false))
		return run_fail(1, "%s: %s", path, strerror(errno));
	say("outside_written", read_back(path));
	return 0;
}
