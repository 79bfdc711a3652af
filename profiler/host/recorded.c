/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making perf.data of a stream: see recorded.h. The stream's records come in order of time, so what is known of threads
 * and processes is what was told before.
 */
#include "recorded.h"

#include "elf_file.h"
#include "objects.h"
#include "perf_write.h"
#include "unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <instrumentation/trace/host/stream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MAX 127

const struct recorded_kind recorded_kinds[] = {
	{ "cpu", NULL },
	{ "offcpu", "trace=prof:offcpu,sched:sched_wakeup trace.chain=prof:offcpu,sched:sched_wakeup" },
	{ "lock", "trace=lock:* trace.chain=lock:*" },
	{ "alloc", "trace=mem:heap_alloc,mem:heap_free trace.chain=mem:heap_alloc" },
	{ "fault", "trace=mem:page_fault trace.chain=mem:page_fault" },
	{ "syscall", "trace=syscall:syscall_exit trace.chain=syscall:syscall_exit" },
};
const size_t recorded_kind_count = sizeof(recorded_kinds) / sizeof(recorded_kinds[0]);

/* Which of the kernel's events are samples of what. value, address: arguments; NULL: 1, 0. */
static const struct source {
	const char *kind, *event, *name, *value, *address;
} sources[] = {
	{ "cpu", "prof:sample", "cpu-clock", "period", NULL },
	{ "count", "prof:sample", "instructions", "period", NULL },
	{ "offcpu", "prof:offcpu", "offcpu", "duration", "waker" },
	{ "offcpu", "sched:sched_wakeup", "wakeup", NULL, "thread" },
	{ "lock", "lock:lock_wait", "lock_wait", "duration", "lock" },
	{ "lock", "lock:spin_wait", "spin_wait", "duration", "lock" },
	{ "lock", "lock:futex_wait", "futex_wait", "duration", "address" },
	{ "alloc", "mem:heap_alloc", "alloc", "size", "pointer" },
	{ "alloc", "mem:heap_free", "free", NULL, "pointer" },
	{ "fault", "mem:page_fault", "fault", "duration", "address" },
	{ "syscall", "syscall:syscall_exit", "syscall", "duration", "call" },
};

#define SOURCES_MAX 4

struct used_source {
	const struct stream_event *event;
	int value, address;
};

struct known_thread {
	uint32_t tid, pid;
};

/* Threads and processes are numbered apart, and perf knows one kind of number: a process has its first thread's. */
struct known_process {
	uint64_t number;
	uint32_t pid;
};

/* What the kernel says of threads and processes. */
enum told { THREAD_START, THREAD_NAME, THREAD_EXIT, PROCESS_EXEC, PROCESS_MAP, TOLD };

struct conversion {
	struct recorded *recorded;
	struct stream *stream;
	const struct stream_event *told[TOLD];
	struct used_source sources[SOURCES_MAX];
	unsigned source_count;
	struct perf_writer *writer;
	struct processes processes;
	struct guest_files files;
	struct unwinder *unwinder;
	struct known_thread *threads;
	struct known_process *known;
	size_t thread_count, last_thread, known_count;
	uint64_t lost[TRACE_CPUS_MAX];
	uint64_t last_ns;
};

/* ---- threads ---- */

static struct known_thread *thread_find(struct conversion *c, uint32_t tid)
{
	if (c->last_thread < c->thread_count && c->threads[c->last_thread].tid == tid)
		return &c->threads[c->last_thread];
	for (size_t i = c->thread_count; i > 0; i--)
		if (c->threads[i - 1].tid == tid) {
			c->last_thread = i - 1;
			return &c->threads[i - 1];
		}
	return NULL;
}

static void thread_set(struct conversion *c, uint32_t tid, uint32_t pid)
{
	struct known_thread *thread = thread_find(c, tid);

	if (!thread) {
		c->threads = memory_more(c->threads, c->thread_count, sizeof(*thread));
		thread = &c->threads[c->thread_count++];
	}
	*thread = (struct known_thread){ tid, pid };
}

/* A thread of the kernel's own is a process to perf. */
static uint32_t pid_of(struct conversion *c, uint32_t tid)
{
	const struct known_thread *thread = thread_find(c, tid);

	return thread ? thread->pid : tid;
}

/* A process's, which is new where *is_new; thread: one of it. */
static uint32_t process_pid(struct conversion *c, uint64_t number, uint32_t thread, bool *is_new)
{
	*is_new = false;
	for (size_t i = c->known_count; i > 0; i--)
		if (c->known[i - 1].number == number)
			return c->known[i - 1].pid;
	*is_new = true;
	c->known = memory_more(c->known, c->known_count, sizeof(*c->known));
	c->known[c->known_count++] = (struct known_process){ number, thread };
	return thread;
}

/* Whoever tells of his process belongs to it: the first program's thread was one of the kernel's. */
static uint32_t pid_of_teller(struct conversion *c, const struct stream_record *r)
{
	bool is_new;
	uint32_t pid = process_pid(c, r->args[0], r->thread, &is_new);

	thread_set(c, r->thread, pid);
	return pid;
}

/* ---- what is told ---- */

static void map_told(struct conversion *c, const struct stream_record *r, uint32_t pid)
{
	const struct guest_file *file = guest_file_get(&c->files, r->texts[4] ? r->texts[4] : "");
	bool is_file = *file->path == '/' && file->path[1] != '/';
	struct perf_mapping m = { .time = r->time_ns,
				  .start = r->args[1],
				  .size = r->args[2],
				  .offset = is_file ? r->args[3] : r->args[1],
				  .pid = pid,
				  .tid = r->thread,
				  .path = file->path,
				  .build_id = file->build_id,
				  .build_id_size = file->build_id_size };
	struct map map = { m.start, m.size, m.offset, process_object(&c->processes, file->path) };

	process_map(&c->processes, pid, &map);
	perf_writer_map(c->writer, &m);
}

static void exec_told(struct conversion *c, const struct stream_record *r, uint32_t pid)
{
	const char *path = r->texts[1] ? r->texts[1] : "", *base = strrchr(path, '/');

	process_forget(&c->processes, pid);
	perf_writer_name(c->writer, r->time_ns, pid, r->thread, base ? base + 1 : path, true);
}

static void start_told(struct conversion *c, const struct stream_record *r)
{
	uint32_t thread = (uint32_t)r->args[0], parent = (uint32_t)r->args[1], parent_pid = pid_of(c, parent), pid;
	bool is_new = true;

	pid = r->args[2] ? process_pid(c, r->args[2], thread, &is_new) : thread;
	if (is_new)
		process_fork(&c->processes, pid, parent_pid);
	perf_writer_fork(c->writer, r->time_ns, pid, thread, is_new ? parent_pid : pid, is_new ? parent : pid);
	thread_set(c, thread, pid);
	perf_writer_name(c->writer, r->time_ns, pid, thread, r->texts[3] ? r->texts[3] : "", false);
}

static void tell(struct conversion *c, const struct stream_record *r, enum told what)
{
	uint32_t thread = (uint32_t)r->args[0];

	switch (what) {
	case THREAD_START: start_told(c, r); break;
	case THREAD_NAME:
		perf_writer_name(c->writer, r->time_ns, pid_of(c, thread), thread, r->texts[1] ? r->texts[1] : "",
				 false);
		break;
	case THREAD_EXIT: perf_writer_exit(c->writer, r->time_ns, pid_of(c, thread), thread); break;
	case PROCESS_EXEC: exec_told(c, r, pid_of_teller(c, r)); break;
	case PROCESS_MAP: map_told(c, r, pid_of_teller(c, r)); break;
	case TOLD: break;
	}
}

/* ---- samples ---- */

static void sample(struct conversion *c, const struct stream_record *r, unsigned index)
{
	const struct used_source *source = &c->sources[index];
	uint64_t user[FRAMES_MAX];
	struct perf_sample s = { .time = r->time_ns,
				 .value = source->value >= 0 ? r->args[source->value] : 1,
				 .address = source->address >= 0 ? r->args[source->address] : 0,
				 .event = index,
				 .pid = pid_of(c, r->thread),
				 .tid = r->thread,
				 .cpu = r->cpu,
				 .user = user };
	const struct stream_chain *chain = &r->chain;

	/* The first ones were there before anybody told of threads. */
	if (r->thread && !thread_find(c, r->thread)) {
		thread_set(c, r->thread, r->thread);
		perf_writer_name(c->writer, r->time_ns, r->thread, r->thread, "kernel", false);
	}
	if (r->has_chain) {
		s.kernel = chain->kernel;
		s.kernel_count = chain->kernel_count;
		if (chain->registers) {
			struct unwind_start start = { s.pid,		 chain->registers, chain->stack,
						      chain->stack_size, chain->user,	   chain->user_count };

			s.user_count = unwind(c->unwinder, &start, user, FRAMES_MAX);
		}
	}
	perf_writer_sample(c->writer, &s);
	c->recorded->samples++;
}

static void record(struct conversion *c, const struct stream_record *r)
{
	c->last_ns = r->time_ns;
	if (r->cpu < TRACE_CPUS_MAX && r->lost > c->lost[r->cpu]) {
		perf_writer_lost(c->writer, r->time_ns, r->cpu, r->lost - c->lost[r->cpu]);
		c->lost[r->cpu] = r->lost;
	}
	for (unsigned i = 0; i < c->source_count; i++)
		if (r->event == c->sources[i].event)
			sample(c, r, i);
	for (enum told what = 0; what < TOLD; what++)
		if (r->event == c->told[what])
			tell(c, r, what);
}

/* ---- before and after ---- */

/* An event, if it has at least these arguments, the last of which is a text where is_text. */
static const struct stream_event *find_event(const struct conversion *c, const char *name, size_t args, bool is_text)
{
	const struct stream_event *event = stream_event(c->stream, name);

	return event && event->arg_count >= args && (event->args[args - 1].type == STREAM_STR) == is_text ? event
													  : NULL;
}

static int find_events(struct conversion *c, char *error)
{
	static const struct {
		const char *name;
		size_t args;
		bool is_text;
	} told[TOLD] = {
		[THREAD_START] = { "meta:thread_start", 4, true }, [THREAD_NAME] = { "meta:thread_name", 2, true },
		[THREAD_EXIT] = { "meta:thread_exit", 1, false },  [PROCESS_EXEC] = { "meta:process_exec", 2, true },
		[PROCESS_MAP] = { "meta:process_map", 5, true },
	};
	uint64_t hz = stream_area(c->stream)->sample_hz;

	for (enum told i = 0; i < TOLD; i++)
		c->told[i] = find_event(c, told[i].name, told[i].args, told[i].is_text);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct stream_event *event = stream_event(c->stream, sources[i].event);

		if (strcmp(sources[i].kind, c->recorded->kind->name) || !event || c->source_count == SOURCES_MAX)
			continue;
		c->sources[c->source_count++] =
			(struct used_source){ event, sources[i].value ? stream_arg_find(event, sources[i].value) : -1,
					      sources[i].address ? stream_arg_find(event, sources[i].address) : -1 };
		perf_writer_event(c->writer, sources[i].name,
				  strcmp(c->recorded->kind->name, "cpu") ? 0
				  : hz                                   ? hz
									 : 999);
	}
	if (c->source_count)
		return 0;
	snprintf(error, PROFILE_ERROR, "the kernel has no event %s", c->recorded->kind->name);
	return -1;
}

/* The kernel goes into the cache if it is the one that ran. */
static void keep_kernel(struct conversion *c)
{
	const struct trace_area *area = stream_area(c->stream);
	size_t size = area->build_id_size < BUILD_ID_MAX ? area->build_id_size : BUILD_ID_MAX, its;
	uint8_t id[BUILD_ID_MAX];
	int fd;

	perf_writer_kernel(c->writer, area->text_start, area->text_end - area->text_start, area->build_id, size);
	its = elf_path_build_id(c->recorded->kernel, id);
	if (!size || its != size || memcmp(id, area->build_id, size)) {
		fprintf(stderr, "saki-prof: %s: not the kernel that ran; its functions will be addresses\n",
			c->recorded->kernel);
		return;
	}
	fd = open(c->recorded->kernel, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || objects_store(c->files.debug_dir, id, size, "elf", fd))
		fprintf(stderr, "saki-prof: %s: cannot be copied into %s\n", c->recorded->kernel, c->files.debug_dir);
	if (fd >= 0)
		close(fd);
}

static void convert(struct conversion *c)
{
	struct stream_record r;

	keep_kernel(c);
	while (stream_next(c->stream, &r))
		record(c, &r);
	for (unsigned i = 0; i < stream_cpus(c->stream) && i < TRACE_CPUS_MAX; i++) {
		uint64_t lost = stream_lost(c->stream, i);

		if (lost > c->lost[i])
			perf_writer_lost(c->writer, c->last_ns, i, lost - c->lost[i]);
		c->recorded->lost += lost;
	}
	c->recorded->skipped = stream_skipped(c->stream);
}

static int open_all(struct conversion *c, char *error)
{
	struct recorded *r = c->recorded;

	if (stream_open(&c->stream, r->stream, error))
		return -1;
	if (r->initrd) {
		if (initrd_open(&c->files.initrd, r->initrd, error)) {
			initrd_close(&c->files.initrd);
			return -1;
		}
		c->files.has_initrd = true;
	}
	c->writer = perf_writer_open(r->out, error);
	return c->writer ? find_events(c, error) : -1;
}

int recorded_convert(struct recorded *r, char *error)
{
	char *debug_dir = objects_debug_dir(r->out);
	struct conversion c = { .recorded = r, .processes = { .profile = profile_new() } };
	int status, err;

	c.files.debug_dir = debug_dir;
	c.files.volumes = r->volumes;
	c.files.volume_count = r->volume_count;
	c.processes.profile->debug_dir = debug_dir;
	c.files.processes = &c.processes;
	c.unwinder = unwind_new(&c.processes);
	status = open_all(&c, error);
	if (!status)
		convert(&c);
	if (c.writer) {
		struct perf_about about = { "saki", c.stream ? stream_area(c.stream)->cpu_count : 0, r->command };

		err = perf_writer_close(c.writer, &about);
		if (err && !status) {
			snprintf(error, PROFILE_ERROR, "%.180s: %s", r->out, strerror(-err));
			status = -1;
		}
		if (status)
			unlink(r->out);
	}
	if (c.stream)
		stream_close(c.stream);
	unwind_free(c.unwinder);
	guest_files_free(&c.files);
	processes_free(&c.processes);
	profile_free(c.processes.profile);
	free(c.threads);
	free(c.known);
	return status;
}
