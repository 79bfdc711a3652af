/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a stream. The file is mapped; each CPU has a list of its blocks and a place in it, and a heap of CPUs by the
 * time of their next record merges them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream.h"

#define RECORD_MIN (sizeof(struct trace_record) + sizeof(uint64_t))

struct block {
	const uint8_t *data;
	size_t size;
	uint64_t lost;
};

struct cursor {
	struct block *blocks;
	size_t block_count, room;
	size_t block, at;	/* where the next record is looked for */
	const uint8_t *next;	/* the next record, NULL: there is none */
	uint64_t next_ns, next_lost;
};

struct stream {
	const uint8_t *file;
	size_t size;
	struct trace_area area;
	struct stream_events events;
	const struct stream_event *numbers[TRACE_EVENT_MASK + 1];
	struct cursor cursors[TRACE_CPUS_MAX];
	unsigned cpus;
	unsigned heap[TRACE_CPUS_MAX];
	size_t heap_size;
	uint64_t skipped;
	bool is_cut;
	char texts[STREAM_ARGS_MAX][TRACE_STRING_MAX + 1];
};

/* ---- opening ---- */

static int map_file(struct stream *s, const char *path, char *error)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0 || fstat(fd, &stat)) {
		snprintf(error, STREAM_ERROR, "%s", strerror(errno));
		goto err;
	}
	if (!S_ISREG(stat.st_mode) || (size_t)stat.st_size < sizeof(struct trace_stream)) {
		snprintf(error, STREAM_ERROR, "it is no recording, or is cut off");
		goto err;
	}
	map = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		snprintf(error, STREAM_ERROR, "%s", strerror(errno));
		goto err;
	}
	close(fd);
	s->file = map;
	s->size = (size_t)stat.st_size;
	return 0;
err:
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The header and the description. Where the blocks begin in *at. */
static int read_header(struct stream *s, size_t *at, char *error)
{
	struct trace_stream header;
	size_t text_size;

	memcpy(&header, s->file, sizeof(header));
	if (header.magic != TRACE_STREAM_MAGIC || header.area.magic != TRACE_MAGIC) {
		snprintf(error, STREAM_ERROR, "it is no recording");
		return -1;
	}
	if (header.area.version != TRACE_VERSION || header.size != sizeof(header)) {
		snprintf(error, STREAM_ERROR, "it is a recording of version %u, and this program reads %u",
			 header.area.version, TRACE_VERSION);
		return -1;
	}
	text_size = ((size_t)header.description_size + 7) & ~(size_t)7;
	if (text_size > s->size - sizeof(header)) {
		snprintf(error, STREAM_ERROR, "it is cut off in the description of its events");
		return -1;
	}
	s->area = header.area;
	*at = sizeof(header) + text_size;
	if (stream_events_parse(&s->events, (const char *)s->file + sizeof(header), header.description_size, error))
		return -1;
	for (size_t i = 0; i < s->events.count; i++)
		s->numbers[s->events.list[i].number] = &s->events.list[i];
	return 0;
}

static int add_block(struct cursor *cursor, const struct block *block)
{
	if (cursor->block_count == cursor->room) {
		size_t room = cursor->room ? 2 * cursor->room : 64;
		struct block *more = realloc(cursor->blocks, room * sizeof(*more));

		if (!more)
			return -1;
		cursor->blocks = more;
		cursor->room = room;
	}
	cursor->blocks[cursor->block_count++] = *block;
	return 0;
}

/* Whatever is no block ends the file. */
static int read_blocks(struct stream *s, size_t at, char *error)
{
	while (!s->is_cut && s->size - at >= sizeof(struct trace_block)) {
		struct trace_block head;
		struct block block;

		memcpy(&head, s->file + at, sizeof(head));
		if (head.cpu >= TRACE_CPUS_MAX || head.size % 8)
			break;
		at += sizeof(head);
		block = (struct block){ .data = s->file + at, .size = head.size, .lost = head.lost };
		if (block.size > s->size - at) {
			block.size = (s->size - at) & ~(size_t)7;
			s->is_cut = true;
		}
		at += block.size;
		if (add_block(&s->cursors[head.cpu], &block)) {
			snprintf(error, STREAM_ERROR, "no memory");
			return -1;
		}
		if (head.cpu >= s->cpus)
			s->cpus = head.cpu + 1;
	}
	s->is_cut |= at != s->size;
	return 0;
}

int stream_open(struct stream **stream, const char *path, char *error)
{
	struct stream *s = calloc(1, sizeof(*s));
	char reason[STREAM_ERROR] = "no memory";
	size_t at;

	if (!s || map_file(s, path, reason) || read_header(s, &at, reason) || read_blocks(s, at, reason)) {
		snprintf(error, STREAM_ERROR, "%.120s: %.130s", path, reason);
		stream_close(s);
		return -1;
	}
	stream_rewind(s);
	*stream = s;
	return 0;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->file)
		munmap((void *)stream->file, stream->size);
	for (size_t i = 0; i < TRACE_CPUS_MAX; i++)
		free(stream->cursors[i].blocks);
	stream_events_free(&stream->events);
	free(stream);
}

/* ---- one CPU's records ---- */

static uint64_t to_ns(const struct trace_area *area, uint64_t time)
{
	if (area->flags & TRACE_TIME_NS)
		return time;
	if (time < area->time_start)
		return 0;
	return (uint64_t)(((unsigned __int128)(time - area->time_start) * area->time_scale) >> 32);
}

/*
 * The size of what is at p, with left bytes behind it. 0: that cannot be; *is_record says whether it is something to be
 * looked at.
 */
static size_t size_at(const struct stream *s, const uint8_t *p, size_t left, bool *is_record)
{
	struct trace_record head;
	uint32_t again;

	*is_record = false;
	memcpy(&head, p, sizeof(head.size) + sizeof(head.event));
	if (!head.size || head.size % 8 || head.size > left || head.size > TRACE_RECORD_MAX)
		return 0;
	if ((head.event & TRACE_EVENT_MASK) == TRACE_PAD)
		return head.size;
	if (head.size < RECORD_MIN)
		return 0;
	memcpy(&again, p + head.size - 8, sizeof(again));
	if (again != head.size)
		return 0;
	*is_record = true;
	return head.size;
}

/* Moves a cursor to its CPU's next record. */
static void advance(struct stream *s, struct cursor *c)
{
	c->next = NULL;
	for (; c->block < c->block_count && !c->next; c->block += !c->next, c->at = c->next ? c->at : 0) {
		const struct block *block = &c->blocks[c->block];

		while (c->at < block->size && !c->next) {
			bool is_record;
			const uint8_t *p = block->data + c->at;
			size_t size = size_at(s, p, block->size - c->at, &is_record);

			s->skipped += !size;
			c->at = size ? c->at + size : block->size;
			c->next = is_record ? p : NULL;
			c->next_lost = block->lost;
		}
	}
	if (c->next) {
		struct trace_record head;
		uint64_t ns;

		memcpy(&head, c->next, sizeof(head));
		ns = to_ns(&s->area, head.time);
		c->next_ns = ns > c->next_ns ? ns : c->next_ns;
	}
}

/* ---- the heap ---- */

static bool is_earlier(const struct stream *s, unsigned a, unsigned b)
{
	const struct cursor *x = &s->cursors[a], *y = &s->cursors[b];

	return x->next_ns != y->next_ns ? x->next_ns < y->next_ns : a < b;
}

static void sink(struct stream *s, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->heap_size; child++)
			if (is_earlier(s, s->heap[child], s->heap[least]))
				least = child;
		if (least == i)
			return;
		unsigned cpu = s->heap[i];

		s->heap[i] = s->heap[least];
		s->heap[least] = cpu;
		i = least;
	}
}

void stream_rewind(struct stream *stream)
{
	stream->heap_size = 0;
	stream->skipped = 0;
	for (unsigned i = 0; i < stream->cpus; i++) {
		struct cursor *c = &stream->cursors[i];

		c->block = c->at = 0;
		c->next_ns = 0;
		advance(stream, c);
		if (c->next)
			stream->heap[stream->heap_size++] = i;
	}
	for (size_t i = stream->heap_size; i-- > 0;)
		sink(stream, i);
}

/* ---- one record ---- */

/* Bytes of a UTF-8 character that may be shown; 0: there is none. */
static size_t character(const uint8_t *p, size_t left)
{
	size_t len = *p < 0x80                 ? 1
		     : *p >= 0xc2 && *p < 0xe0 ? 2
		     : *p >= 0xe0 && *p < 0xf0 ? 3
		     : *p >= 0xf0 && *p < 0xf5 ? 4
					       : 0;

	if (!len || len > left || *p < 0x20 || *p == 0x7f)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, what is beyond Unicode, and C1's control characters. */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) || (*p == 0xf0 && p[1] < 0x90) ||
	    (*p == 0xf4 && p[1] >= 0x90) || (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	return len;
}

static void copy_text(char *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t len = character(from + i, size - i);

		if (len)
			memcpy(to, from + i, len);
		else
			*to = '?';
		to += len ? len : 1;
		i += len ? len : 1;
	}
	*to = '\0';
}

/* Arguments from p on; where they end, or NULL. */
static const uint8_t *read_args(struct stream *s, struct stream_record *record, const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < record->event->arg_count; i++) {
		uint64_t word;

		if (end - p < 8)
			return NULL;
		memcpy(&word, p, sizeof(word));
		p += sizeof(word);
		record->args[i] = word;
		record->texts[i] = NULL;
		if (record->event->args[i].type != STREAM_STR)
			continue;
		if (word > TRACE_STRING_MAX || (uint64_t)(end - p) < ((word + 7) & ~UINT64_C(7)))
			return NULL;
		copy_text(s->texts[i], p, word);
		record->texts[i] = s->texts[i];
		p += (word + 7) & ~UINT64_C(7);
	}
	return p;
}

/* All of a stream is in multiples of eight bytes, so that words are where words may be. */
static bool read_chain(struct stream_chain *chain, const uint8_t *p, const uint8_t *end)
{
	struct trace_chain head;
	size_t words;

	if ((size_t)(end - p) < sizeof(head))
		return false;
	memcpy(&head, p, sizeof(head));
	p += sizeof(head);
	words = (size_t)head.kernel_count + head.user_count + (head.user_count ? TRACE_USER_REGS : 0);
	if (head.kernel_count > TRACE_CHAIN_MAX || head.user_count > TRACE_CHAIN_MAX || head.stack_size % 8 ||
	    head.stack_size > TRACE_STACK_MAX || (size_t)(end - p) < 8 * words + head.stack_size)
		return false;
	*chain = (struct stream_chain){ .kernel_count = head.kernel_count,
					.user_count = head.user_count,
					.flags = head.flags,
					.stack_size = head.stack_size };
	chain->kernel = (const uint64_t *)p;
	chain->user = chain->kernel + head.kernel_count;
	chain->registers = head.user_count ? chain->user + head.user_count : NULL;
	chain->stack = p + 8 * words;
	return true;
}

static bool decode(struct stream *s, struct stream_record *record, const uint8_t *p)
{
	struct trace_record head;
	const uint8_t *end;

	memcpy(&head, p, sizeof(head));
	record->event = s->numbers[head.event & TRACE_EVENT_MASK];
	record->thread = head.thread;
	if (!record->event)
		return false;
	end = p + head.size - 8;
	p = read_args(s, record, p + sizeof(head), end);
	record->has_chain = head.event & TRACE_HAS_CHAIN;
	return p && (!record->has_chain || read_chain(&record->chain, p, end));
}

bool stream_next(struct stream *stream, struct stream_record *record)
{
	while (stream->heap_size) {
		unsigned cpu = stream->heap[0];
		struct cursor *c = &stream->cursors[cpu];
		bool is_fine = decode(stream, record, c->next);

		record->cpu = cpu;
		record->time_ns = c->next_ns;
		record->lost = c->next_lost;
		advance(stream, c);
		if (!c->next)
			stream->heap[0] = stream->heap[--stream->heap_size];
		sink(stream, 0);
		if (is_fine)
			return true;
		stream->skipped++;
	}
	return false;
}

/* ---- what it is ---- */

const struct trace_area *stream_area(const struct stream *stream)
{
	return &stream->area;
}

const struct stream_events *stream_events(const struct stream *stream)
{
	return &stream->events;
}

const struct stream_event *stream_event(const struct stream *stream, const char *name)
{
	return stream_event_find(&stream->events, name);
}

unsigned stream_cpus(const struct stream *stream)
{
	return stream->cpus;
}

uint64_t stream_lost(const struct stream *stream, unsigned cpu)
{
	const struct cursor *c = cpu < stream->cpus ? &stream->cursors[cpu] : NULL;

	return c && c->block_count ? c->blocks[c->block_count - 1].lost : 0;
}

uint64_t stream_skipped(const struct stream *stream)
{
	return stream->skipped;
}

bool stream_is_cut(const struct stream *stream)
{
	return stream->is_cut;
}
