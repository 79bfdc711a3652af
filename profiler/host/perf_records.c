/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of perf.data: found, put in order of time, and taken apart. See perf_reader.h.
 */
#include "perf_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 4096	/* deeper chains are cut */
#define USER_RECORDS 64	/* types from here on are perf's, not the kernel's */

/* What is left of a record. */
struct cursor {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static uint64_t get(struct cursor *c, size_t size)
{
	uint64_t value = 0;

	if (c->left < size) {
		c->failed = true;
		c->left = 0;
		return 0;
	}
	memcpy(&value, c->at, size);
	c->at += size;
	c->left -= size;
	return value;
}

static uint64_t get_u64(struct cursor *c)
{
	return get(c, 8);
}

static uint32_t get_u32(struct cursor *c)
{
	return (uint32_t)get(c, 4);
}

/* Text that is at the end, or padded with zeros. */
static void get_text(struct cursor *c, char *buf, size_t size)
{
	size_t length = strnlen((const char *)c->at, c->left);

	snprintf(buf, size, "%.*s", (int)(length < size ? length : size - 1), (const char *)c->at);
}

static struct cursor body(const uint8_t *record)
{
	struct perf_event_header header;

	memcpy(&header, record, sizeof(header));
	return (struct cursor){ record + sizeof(header), header.size - sizeof(header), false };
}

/* ---- finding them ---- */

static size_t bits(uint64_t mask)
{
	return (size_t)__builtin_popcountll(mask);
}

/* When a record was written: samples have it in front, the others at the end. 0: it does not say. */
static uint64_t time_of(const struct perf_reader *reader, const uint8_t *record, const struct perf_event_header *header)
{
	uint64_t type = reader->events[0].sample_type;
	struct cursor c = body(record);
	size_t skip;

	if (header->type >= USER_RECORDS || !(type & PERF_SAMPLE_TIME))
		return 0;
	if (header->type == PERF_RECORD_SAMPLE) {
		skip = 8 * bits(type & (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID));
	} else {
		size_t tail = 8 * bits(type & (PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
					       PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER));

		if (!reader->events[0].sample_id_all || tail > c.left)
			return 0;
		skip = c.left - tail;
	}
	if (skip > c.left)
		return 0;
	c.at += skip;
	c.left -= skip;
	return get_u64(&c);
}

static int compare_items(const void *left, const void *right)
{
	const struct perf_item *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int find_records(struct perf_reader *reader, uint64_t offset, uint64_t size, struct perf_item **items,
			size_t *count)
{
	uint64_t end = offset + size, extra;
	struct perf_event_header header;

	for (; offset < end; offset += header.size) {
		if (end - offset < sizeof(header))
			return perf_bad(reader, "cut short in the record at byte %llu", (unsigned long long)offset);
		memcpy(&header, reader->bytes + offset, sizeof(header));
		if (header.size < sizeof(header) || header.size > end - offset)
			return perf_bad(reader, "the record at byte %llu says it has %u bytes",
					(unsigned long long)offset, header.size);
		if (header.type == PERF_COMPRESSED)
			return perf_bad(reader, "its records are compressed; perf record without -z");
		*items = memory_more(*items, *count, sizeof(**items));
		(*items)[*count] = (struct perf_item){ time_of(reader, reader->bytes + offset, &header),
						       reader->bytes + offset, *count };
		(*count)++;
		if (header.type != PERF_AUXTRACE)
			continue;
		/* What an AUXTRACE record has in tow follows it. */
		extra = 0;
		if (header.size >= sizeof(header) + 8)
			memcpy(&extra, reader->bytes + offset + sizeof(header), 8);
		if (extra > end - offset - header.size)
			return perf_bad(reader, "cut short in the trace at byte %llu", (unsigned long long)offset);
		offset += extra;
	}
	return 0;
}

/* ---- samples ---- */

static void skip_read(struct cursor *c, uint64_t format)
{
	uint64_t members = 1, words;

	if (!(format & PERF_FORMAT_GROUP)) {
		words = 1 + bits(format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING |
					   PERF_FORMAT_ID | PERF_FORMAT_LOST));
	} else {
		members = get_u64(c);
		words = bits(format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING));
		if (members > c->left / 8)
			c->failed = true;
		else
			words += members * (1 + bits(format & (PERF_FORMAT_ID | PERF_FORMAT_LOST)));
	}
	if (c->failed || words > c->left / 8) {
		c->failed = true;
		return;
	}
	c->at += words * 8;
	c->left -= words * 8;
}

static void add_place(struct perf_reader *reader, struct profile_sample *sample, uint64_t ip, bool in_kernel,
		      bool caller)
{
	struct profile *p = reader->profile;
	uint32_t place = process_place(&reader->processes, sample->pid, ip, in_kernel, caller);

	p->chain = memory_more(p->chain, p->chain_count, sizeof(*p->chain));
	p->chain[p->chain_count++] = place;
	sample->depth++;
}

/* The first address of the kernel's part and of the program's is where it was, the others are where calls return to. */
static void read_chain(struct perf_reader *reader, struct cursor *c, struct profile_sample *sample, bool in_kernel)
{
	uint64_t count = get_u64(c), ip;
	bool caller = false;

	if (count > c->left / 8) {
		c->failed = true;
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		ip = get_u64(c);
		if (ip >= (uint64_t)PERF_CONTEXT_MAX) {
			in_kernel = ip == (uint64_t)PERF_CONTEXT_KERNEL;
			caller = false;
			continue;
		}
		if (sample->depth < CHAIN_MAX)
			add_place(reader, sample, ip, in_kernel, caller);
		caller = true;
	}
}

/* Whose sample it is; -1: nobody's. */
static int event_of(const struct perf_reader *reader, struct cursor c)
{
	uint64_t type = reader->events[0].sample_type, id;

	if (reader->profile->event_count == 1)
		return 0;
	if (!(type & PERF_SAMPLE_IDENTIFIER)) {
		size_t before = 8 *
				bits(type & (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR));

		if (!(type & PERF_SAMPLE_ID) || before > c.left)
			return -1;
		c.at += before;
		c.left -= before;
	}
	id = get_u64(&c);
	for (size_t i = 0; i < reader->id_count && !c.failed; i++)
		if (reader->ids[i].id == id)
			return (int)reader->ids[i].event;
	return -1;
}

static int read_sample(struct perf_reader *reader, const struct perf_item *item)
{
	struct profile *p = reader->profile;
	struct profile_sample sample = { .value = 1, .chain = (uint32_t)p->chain_count };
	struct cursor c = body(item->data);
	struct perf_event_header header;
	int event = event_of(reader, c);
	bool in_kernel;
	uint64_t type, ip = 0;

	if (event < 0)
		return perf_bad(reader, "a sample at byte %zu is of no event", (size_t)(item->data - reader->bytes));
	memcpy(&header, item->data, sizeof(header));
	in_kernel = (header.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
	sample.event = (uint32_t)event;
	type = reader->events[event].sample_type;
	if (type & PERF_SAMPLE_IDENTIFIER)
		get_u64(&c);
	if (type & PERF_SAMPLE_IP)
		ip = get_u64(&c);
	if (type & PERF_SAMPLE_TID) {
		sample.pid = get_u32(&c);
		sample.tid = get_u32(&c);
	}
	if (type & PERF_SAMPLE_TIME)
		sample.time = get_u64(&c);
	if (type & PERF_SAMPLE_ADDR)
		sample.address = get_u64(&c);
	if (type & PERF_SAMPLE_ID)
		get_u64(&c);
	if (type & PERF_SAMPLE_STREAM_ID)
		get_u64(&c);
	if (type & PERF_SAMPLE_CPU)
		sample.cpu = (uint32_t)get_u64(&c);
	if (type & PERF_SAMPLE_PERIOD)
		sample.value = get_u64(&c);
	if (type & PERF_SAMPLE_READ)
		skip_read(&c, reader->events[event].read_format);
	sample.comm = process_thread_comm(&reader->processes, sample.tid);
	if (type & PERF_SAMPLE_CALLCHAIN)
		read_chain(reader, &c, &sample, in_kernel);
	if (!sample.depth && (type & PERF_SAMPLE_IP))
		add_place(reader, &sample, ip, in_kernel, false);
	if (c.failed)
		return perf_bad(reader, "the sample at byte %zu is too short", (size_t)(item->data - reader->bytes));
	p->samples = memory_more(p->samples, p->sample_count, sizeof(sample));
	p->samples[p->sample_count++] = sample;
	return 0;
}

/* ---- what else there is ---- */

static void read_map(struct perf_reader *reader, struct cursor *c, const struct perf_event_header *header)
{
	uint32_t pid = get_u32(c);
	struct map map = { 0 };
	uint8_t build_id[BUILD_ID_MAX], build_id_size = 0;
	char name[4096];

	get_u32(c);
	map.start = get_u64(c);
	map.size = get_u64(c);
	map.offset = get_u64(c);
	if (header->type == PERF_RECORD_MMAP2) {
		/* Device and inode, or a build id; then rights and flags. */
		if (header->misc & PERF_RECORD_MISC_MMAP_BUILD_ID && c->left >= 4 + BUILD_ID_MAX) {
			build_id_size = c->at[0] < BUILD_ID_MAX ? c->at[0] : BUILD_ID_MAX;
			memcpy(build_id, c->at + 4, BUILD_ID_MAX);
		}
		for (int i = 0; i < 4; i++)
			get_u64(c);
	}
	get_text(c, name, sizeof(name));
	if (c->failed)
		return;
	if ((header->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL) {
		process_map_kernel(&reader->processes, name, map.start, map.size, map.offset);
		return;
	}
	map.object = build_id_size ? profile_object(reader->profile, name, build_id, build_id_size)
				   : process_object(&reader->processes, name);
	/* What is no file has addresses for offsets. */
	if (*name != '/' || name[1] == '/')
		map.offset = map.start;
	if (!strcmp(name, "[vdso]"))
		map.offset = 0;
	process_map(&reader->processes, pid, &map);
}

static void read_other(struct perf_reader *reader, const struct perf_item *item, const struct perf_event_header *header)
{
	struct cursor c = body(item->data);
	uint32_t pid, tid, parent;
	char name[64];

	switch (header->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2: read_map(reader, &c, header); break;
	case PERF_RECORD_COMM:
		pid = get_u32(&c);
		tid = get_u32(&c);
		get_text(&c, name, sizeof(name));
		if (c.failed)
			break;
		if (header->misc & PERF_RECORD_MISC_COMM_EXEC)
			process_forget(&reader->processes, pid);
		process_thread_name(&reader->processes, tid, profile_string(reader->profile, name));
		break;
	case PERF_RECORD_FORK:
		pid = get_u32(&c);
		parent = get_u32(&c);
		tid = get_u32(&c);
		if (c.failed)
			break;
		process_fork(&reader->processes, pid, parent);
		process_thread_name(&reader->processes, tid, process_thread_comm(&reader->processes, get_u32(&c)));
		break;
	case PERF_RECORD_LOST:
		get_u64(&c);
		reader->profile->lost += get_u64(&c);
		break;
	case PERF_RECORD_LOST_SAMPLES: reader->profile->lost += get_u64(&c); break;
	default: break;
	}
}

int perf_read_records(struct perf_reader *reader, uint64_t offset, uint64_t size)
{
	struct perf_item *items = NULL;
	struct perf_event_header header;
	size_t count = 0;
	int err = find_records(reader, offset, size, &items, &count);

	if (!err && count)
		qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0; i < count && !err; i++) {
		memcpy(&header, items[i].data, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE)
			err = read_sample(reader, &items[i]);
		else
			read_other(reader, &items[i], &header);
	}
	free(items);
	return err;
}
