/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing perf.data: see perf_write.h. The order is header, ids and attributes of the events, records, features.
 */
#include "perf_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLE_TYPE                                                                                                    \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR |             \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN)
#define RECORD_MAX 65528u	/* a record's size has 16 bits */
#define EVENTS_MAX 8
#define FIRST_ID 1000

struct written_id {
	char *path;
	uint8_t bytes[BUILD_ID_MAX], size;
	bool is_kernel;
};

struct perf_writer {
	char *path;
	FILE *out;
	char *names[EVENTS_MAX];
	uint64_t hz[EVENTS_MAX];
	unsigned event_count;
	struct written_id *ids;
	size_t id_count;
	uint64_t data_start;
	uint8_t record[RECORD_MAX];	/* being made */
	size_t size;
};

struct perf_writer *perf_writer_open(const char *path, char *error)
{
	struct perf_writer *w = memory_new(1, sizeof(*w));

	w->path = strdup(path);
	w->out = w->path ? fopen(path, "we") : NULL;
	if (w->out)
		return w;
	snprintf(error, PROFILE_ERROR, "%.180s: %s", path, strerror(errno));
	free(w->path);
	free(w);
	return NULL;
}

/* ---- events ---- */

void perf_writer_event(struct perf_writer *w, const char *name, uint64_t hz)
{
	if (w->event_count == EVENTS_MAX)
		return;
	w->hz[w->event_count] = hz;
	w->names[w->event_count++] = strdup(name);
}

static struct perf_event_attr attr_of(const struct perf_writer *w, unsigned event)
{
	bool clock = w->hz[event] != 0;

	return (struct perf_event_attr){ .type = PERF_TYPE_SOFTWARE,
					 .size = sizeof(struct perf_event_attr),
					 .config = clock ? PERF_COUNT_SW_CPU_CLOCK : PERF_COUNT_SW_DUMMY,
					 .sample_freq = clock ? w->hz[event] : 1,
					 .sample_type = SAMPLE_TYPE,
					 .freq = clock,
					 .mmap = event == 0,
					 .mmap2 = event == 0,
					 .comm = event == 0,
					 .comm_exec = event == 0,
					 .task = event == 0,
					 .build_id = event == 0,
					 .sample_id_all = 1 };
}

static uint64_t id_of(unsigned event)
{
	return FIRST_ID + event;
}

/* Room for the header, then ids and attributes, once. */
static void start_data(struct perf_writer *w)
{
	if (w->data_start)
		return;
	fseek(w->out, sizeof(struct perf_header), SEEK_SET);
	for (unsigned i = 0; i < w->event_count; i++) {
		uint64_t id = id_of(i);

		fwrite(&id, sizeof(id), 1, w->out);
	}
	for (unsigned i = 0; i < w->event_count; i++) {
		struct perf_file_attr attr = { attr_of(w, i), { sizeof(struct perf_header) + i * 8, 8 } };

		fwrite(&attr, sizeof(attr), 1, w->out);
	}
	w->data_start = sizeof(struct perf_header) + w->event_count * (8 + sizeof(struct perf_file_attr));
}

/* ---- records ---- */

static void begin(struct perf_writer *w)
{
	start_data(w);
	w->size = sizeof(struct perf_event_header);
}

static void put(struct perf_writer *w, const void *bytes, size_t size)
{
	if (size > RECORD_MAX - w->size)
		size = RECORD_MAX - w->size;
	memcpy(w->record + w->size, bytes, size);
	w->size += size;
}

static void put_u64(struct perf_writer *w, uint64_t value)
{
	put(w, &value, sizeof(value));
}

static void put_u32(struct perf_writer *w, uint32_t value)
{
	put(w, &value, sizeof(value));
}

/* With its zero, and more of these up to a multiple of eight. */
static void put_text(struct perf_writer *w, const char *text)
{
	static const char zeros[8];
	size_t length = strnlen(text, 4095);

	put(w, text, length);
	put(w, zeros, 8 - length % 8);
}

static void finish(struct perf_writer *w, uint32_t type, unsigned misc)
{
	struct perf_event_header header = { type, (uint16_t)misc, (uint16_t)w->size };

	memcpy(w->record, &header, sizeof(header));
	fwrite(w->record, w->size, 1, w->out);
}

/* What every record but a sample ends with. */
static void finish_other(struct perf_writer *w, uint32_t type, unsigned misc, uint64_t time, uint32_t pid, uint32_t tid,
			 uint32_t cpu)
{
	put_u32(w, pid);
	put_u32(w, tid);
	put_u64(w, time);
	put_u64(w, cpu);
	put_u64(w, id_of(0));
	finish(w, type, misc);
}

static void note_build_id(struct perf_writer *w, const char *path, const uint8_t *build_id, size_t size, bool is_kernel)
{
	struct written_id *id;

	for (size_t i = 0; i < w->id_count; i++)
		if (!strcmp(w->ids[i].path, path))
			return;
	w->ids = memory_more(w->ids, w->id_count, sizeof(*w->ids));
	id = &w->ids[w->id_count];
	*id = (struct written_id){ .path = strdup(path), .size = (uint8_t)size, .is_kernel = is_kernel };
	if (!id->path)
		return;
	memcpy(id->bytes, build_id, size);
	w->id_count++;
}

void perf_writer_kernel(struct perf_writer *w, uint64_t start, uint64_t size, const uint8_t *build_id,
			size_t build_id_size)
{
	if (build_id_size)
		note_build_id(w, "[kernel.kallsyms]", build_id, build_id_size, true);
	begin(w);
	put_u32(w, UINT32_MAX);
	put_u32(w, 0);
	put_u64(w, start);
	put_u64(w, size);
	put_u64(w, start);	/* where the symbol in the name is: perf moves all others likewise */
	put_text(w, "[kernel.kallsyms]_stext");
	finish_other(w, PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL, 0, UINT32_MAX, 0, 0);
}

void perf_writer_name(struct perf_writer *w, uint64_t time, uint32_t pid, uint32_t tid, const char *name, bool executed)
{
	char cut[16];

	snprintf(cut, sizeof(cut), "%s", name);
	begin(w);
	put_u32(w, pid);
	put_u32(w, tid);
	put_text(w, cut);
	finish_other(w, PERF_RECORD_COMM, PERF_RECORD_MISC_USER | (executed ? PERF_RECORD_MISC_COMM_EXEC : 0), time,
		     pid, tid, 0);
}

void perf_writer_map(struct perf_writer *w, const struct perf_mapping *m)
{
	uint8_t id[4 + BUILD_ID_MAX] = { (uint8_t)m->build_id_size };
	unsigned misc = PERF_RECORD_MISC_USER;

	if (m->build_id_size) {
		memcpy(id + 4, m->build_id, m->build_id_size);
		misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
		note_build_id(w, m->path, m->build_id, m->build_id_size, false);
	}
	begin(w);
	put_u32(w, m->pid);
	put_u32(w, m->tid);
	put_u64(w, m->start);
	put_u64(w, m->size);
	put_u64(w, m->offset);
	put(w, id, sizeof(id));
	put_u32(w, 5);	/* PROT_READ | PROT_EXEC */
	put_u32(w, 2);	/* MAP_PRIVATE */
	put_text(w, m->path);
	finish_other(w, PERF_RECORD_MMAP2, misc, m->time, m->pid, m->tid, 0);
}

static void put_task(struct perf_writer *w, uint32_t type, uint64_t time, const uint32_t ids[4])
{
	begin(w);
	put(w, ids, 4 * sizeof(*ids));
	put_u64(w, time);
	finish_other(w, type, PERF_RECORD_MISC_USER, time, ids[0], ids[2], 0);
}

void perf_writer_fork(struct perf_writer *w, uint64_t time, uint32_t pid, uint32_t tid, uint32_t parent_pid,
		      uint32_t parent_tid)
{
	put_task(w, PERF_RECORD_FORK, time, (uint32_t[]){ pid, parent_pid, tid, parent_tid });
}

void perf_writer_exit(struct perf_writer *w, uint64_t time, uint32_t pid, uint32_t tid)
{
	put_task(w, PERF_RECORD_EXIT, time, (uint32_t[]){ pid, pid, tid, tid });
}

void perf_writer_lost(struct perf_writer *w, uint64_t time, uint32_t cpu, uint64_t count)
{
	begin(w);
	put_u64(w, id_of(0));
	put_u64(w, count);
	finish_other(w, PERF_RECORD_LOST, 0, time, 0, 0, cpu);
}

void perf_writer_sample(struct perf_writer *w, const struct perf_sample *s)
{
	uint64_t count = (s->kernel_count ? s->kernel_count + 1 : 0) + (s->user_count ? s->user_count + 1 : 0);

	begin(w);
	put_u64(w, id_of(s->event));
	put_u64(w, s->kernel_count ? s->kernel[0] : s->user_count ? s->user[0] : 0);
	put_u32(w, s->pid);
	put_u32(w, s->tid);
	put_u64(w, s->time);
	put_u64(w, s->address);
	put_u64(w, s->cpu);
	put_u64(w, s->value);
	put_u64(w, count);
	if (s->kernel_count) {
		put_u64(w, (uint64_t)PERF_CONTEXT_KERNEL);
		put(w, s->kernel, s->kernel_count * sizeof(*s->kernel));
	}
	if (s->user_count) {
		put_u64(w, (uint64_t)PERF_CONTEXT_USER);
		put(w, s->user, s->user_count * sizeof(*s->user));
	}
	finish(w, PERF_RECORD_SAMPLE, s->kernel_count ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER);
}

/* ---- features ---- */

static void write_u32(struct perf_writer *w, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, w->out);
}

/* Texts of features say how long they are, zeros included. */
static void write_text(struct perf_writer *w, const char *text)
{
	uint32_t length = (uint32_t)strlen(text) + 1, room = (length + PERF_NAME_ALIGN - 1) & ~(PERF_NAME_ALIGN - 1u);

	write_u32(w, room);
	fwrite(text, length, 1, w->out);
	for (; length < room; length++)
		fputc(0, w->out);
}

static void write_build_ids(struct perf_writer *w)
{
	for (size_t i = 0; i < w->id_count; i++) {
		const struct written_id *id = &w->ids[i];
		uint8_t bytes[BUILD_ID_MAX + 4] = { 0 };
		size_t length = strlen(id->path) + 1, room = (length + PERF_NAME_ALIGN - 1) & ~(PERF_NAME_ALIGN - 1u);
		struct perf_event_header header = {
			0,
			(uint16_t)((id->is_kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER) |
				   PERF_MISC_BUILD_ID_SIZE),
			(uint16_t)(sizeof(header) + 4 + sizeof(bytes) + room)
		};

		memcpy(bytes, id->bytes, id->size);
		bytes[BUILD_ID_MAX] = id->size;
		fwrite(&header, sizeof(header), 1, w->out);
		write_u32(w, id->is_kernel ? UINT32_MAX : 0);
		fwrite(bytes, sizeof(bytes), 1, w->out);
		fwrite(id->path, length, 1, w->out);
		for (; length < room; length++)
			fputc(0, w->out);
	}
}

static void write_events(struct perf_writer *w)
{
	write_u32(w, w->event_count);
	write_u32(w, sizeof(struct perf_event_attr));
	for (unsigned i = 0; i < w->event_count; i++) {
		struct perf_event_attr attr = attr_of(w, i);
		uint64_t id = id_of(i);

		fwrite(&attr, sizeof(attr), 1, w->out);
		write_u32(w, 1);
		write_text(w, w->names[i] ? w->names[i] : "");
		fwrite(&id, sizeof(id), 1, w->out);
	}
}

static void write_feature(struct perf_writer *w, const struct perf_about *about, enum perf_feature feature)
{
	unsigned words = 0;

	switch (feature) {
	case PERF_BUILD_ID: write_build_ids(w); break;
	case PERF_HOSTNAME: write_text(w, "saki"); break;
	case PERF_OSRELEASE: write_text(w, about->release); break;
	case PERF_ARCH: write_text(w, "x86_64"); break;
	case PERF_NRCPUS:
		write_u32(w, about->cpus);
		write_u32(w, about->cpus);
		break;
	case PERF_CMDLINE:
		while (about->command[words])
			words++;
		write_u32(w, words);
		for (unsigned i = 0; i < words; i++)
			write_text(w, about->command[i]);
		break;
	case PERF_EVENT_DESC: write_events(w); break;
	}
}

static void write_end(struct perf_writer *w, const struct perf_about *about)
{
	static const enum perf_feature features[] = { PERF_BUILD_ID, PERF_HOSTNAME, PERF_OSRELEASE,  PERF_ARCH,
						      PERF_NRCPUS,   PERF_CMDLINE,  PERF_EVENT_DESC };
	enum { COUNT = sizeof(features) / sizeof(features[0]) };
	struct perf_section sections[COUNT];
	uint64_t data_end = (uint64_t)ftell(w->out);
	struct perf_header header = { .magic = PERF_MAGIC,
				      .size = sizeof(header),
				      .attr_size = sizeof(struct perf_file_attr),
				      .attrs = { sizeof(header) + w->event_count * 8,
						 w->event_count * sizeof(struct perf_file_attr) },
				      .data = { w->data_start, data_end - w->data_start } };

	fseek(w->out, sizeof(sections), SEEK_CUR);
	for (size_t i = 0; i < COUNT; i++) {
		sections[i].offset = (uint64_t)ftell(w->out);
		write_feature(w, about, features[i]);
		sections[i].size = (uint64_t)ftell(w->out) - sections[i].offset;
		header.features[0] |= UINT64_C(1) << features[i];
	}
	fseek(w->out, (long)data_end, SEEK_SET);
	fwrite(sections, sizeof(sections), 1, w->out);
	fseek(w->out, 0, SEEK_SET);
	fwrite(&header, sizeof(header), 1, w->out);
}

int perf_writer_close(struct perf_writer *w, const struct perf_about *about)
{
	int err = 0;

	/* "All that is older has been written": perf sorts up to here. */
	begin(w);
	finish(w, PERF_FINISHED_ROUND, 0);
	write_end(w, about);
	if (fflush(w->out) || ferror(w->out))
		err = errno ? -errno : -EIO;
	if (fclose(w->out) && !err)
		err = -errno;
	if (err)
		unlink(w->path);
	for (unsigned i = 0; i < w->event_count; i++)
		free(w->names[i]);
	for (size_t i = 0; i < w->id_count; i++)
		free(w->ids[i].path);
	free(w->ids);
	free(w->path);
	free(w);
	return err;
}
