/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream as a recorder writes it. See outside_stream.h. Each record is a block of its own.
 */
#include "outside_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <instrumentation/trace/description.h>
#include <instrumentation/trace/host/forward.h>
#include <instrumentation/trace/host/stream.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int find_numbers(struct outside_stream *stream, char *error)
{
	static const char *const names[OUTSIDE_EVENTS] = {
		[OUTSIDE_THREAD_START] = "meta:thread_start", [OUTSIDE_THREAD_NAME] = "meta:thread_name",
		[OUTSIDE_EXEC] = "meta:process_exec",	      [OUTSIDE_MAP] = "meta:process_map",
		[OUTSIDE_SAMPLE] = "prof:sample",
	};
	struct stream_events events;
	int status = stream_events_parse(&events, trace_description, trace_description_size, error);

	if (status)
		return status;
	for (size_t i = 0; i < OUTSIDE_EVENTS; i++) {
		const struct stream_event *event = stream_event_find(&events, names[i]);

		if (event) {
			stream->numbers[i] = (uint16_t)event->number;
			continue;
		}
		snprintf(error, PROFILE_ERROR, "there is no event %s", names[i]);
		status = -1;
	}
	stream_events_free(&events);
	return status;
}

static void fill_header(struct trace_stream *header, const struct layout *layout, uint64_t hz)
{
	*header = (struct trace_stream){
		.magic = TRACE_STREAM_MAGIC,
		.size = sizeof(*header),
		.description_size = trace_description_size,
		.area = { .magic = TRACE_MAGIC,
			  .version = TRACE_VERSION,
			  .size = sizeof(header->area),
			  .flags = TRACE_TIME_NS,
			  .boot_time_ns = (uint64_t)time(NULL) * 1000000000,
			  .text_start = layout->text_start,
			  .text_end = layout->text_end,
			  .text_linked = layout->text_start,
			  .description_size = trace_description_size,
			  .sample_hz = hz,
			  .build_id_size = (uint32_t)layout->build_id_size },
	};
	memcpy(header->area.build_id, layout->build_id, layout->build_id_size);
}

int outside_stream_begin(struct outside_stream *stream, int fd, const struct layout *layout, uint64_t hz, char *error)
{
	static const char zeros[8];
	int ours;

	stream->file = NULL;
	if (find_numbers(stream, error))
		return -1;
	ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	stream->file = ours < 0 ? NULL : fdopen(ours, "w");
	if (!stream->file) {
		snprintf(error, PROFILE_ERROR, "the stream cannot be written: %s", strerror(errno));
		if (ours >= 0)
			close(ours);
		return -1;
	}
	setvbuf(stream->file, NULL, _IOFBF, 1 << 20);
	fill_header(&stream->header, layout, hz);
	fwrite(&stream->header, sizeof(stream->header), 1, stream->file);
	fwrite(trace_description, 1, trace_description_size, stream->file);
	fwrite(zeros, 1, -trace_description_size & 7, stream->file);
	return 0;
}

void outside_stream_place(struct outside_stream *stream, const struct layout *layout)
{
	stream->header.area.text_start = layout->text_start;
	stream->header.area.text_end = layout->text_end;
}

/* Ends the record, of which size bytes are there, and writes it. */
static void record_write(struct outside_stream *stream, const struct outside_at *at, unsigned event, size_t size)
{
	struct trace_record *record = (struct trace_record *)stream->record;
	struct trace_block block = { .cpu = at->cpu };
	size_t padded = (size + 7) & ~(size_t)7;
	uint64_t end = padded + sizeof(end);

	memset(stream->record + size, 0, padded - size);
	memcpy(stream->record + padded, &end, sizeof(end));
	*record = (struct trace_record){
		.size = (uint16_t)end, .event = (uint16_t)event, .thread = at->thread, .time = at->time_ns
	};
	block.size = (uint32_t)end;
	fwrite(&block, sizeof(block), 1, stream->file);
	fwrite(stream->record, 1, end, stream->file);
}

void outside_stream_tell(struct outside_stream *stream, const struct outside_at *at, enum outside_event event,
			 const uint64_t *args, size_t count, const char *text)
{
	size_t size = sizeof(struct trace_record) + count * sizeof(*args);
	uint64_t len = text ? strnlen(text, TRACE_STRING_MAX) : 0;

	memcpy(stream->record + sizeof(struct trace_record), args, count * sizeof(*args));
	if (text) {
		memcpy(stream->record + size, &len, sizeof(len));
		memcpy(stream->record + size + sizeof(len), text, len);
		size += sizeof(len) + len;
	}
	record_write(stream, at, stream->numbers[event], size);
}

void outside_stream_sample(struct outside_stream *stream, const struct outside_at *at, uint64_t period_ns,
			   const struct trace_chain *chain, size_t chain_size)
{
	uint8_t *to = stream->record + sizeof(struct trace_record);

	memcpy(to, &period_ns, sizeof(period_ns));
	memcpy(to + sizeof(period_ns), chain, chain_size);
	record_write(stream, at, stream->numbers[OUTSIDE_SAMPLE] | TRACE_HAS_CHAIN,
		     sizeof(struct trace_record) + sizeof(period_ns) + chain_size);
}

static void write_end(struct outside_stream *stream)
{
	const struct trace_block block = { .cpu = FORWARD_END, .size = sizeof(struct forward_end) };
	const struct forward_end end = { .header = stream->header };

	fwrite(&block, sizeof(block), 1, stream->file);
	fwrite(&end, sizeof(end), 1, stream->file);
}

int outside_stream_end(struct outside_stream *stream, unsigned cpus, bool is_forward)
{
	int err;

	if (!stream->file)
		return 0;
	stream->header.area.cpu_count = cpus;
	stream->header.area.finished = 1;
	if (is_forward) {
		write_end(stream);
	} else {
		rewind(stream->file);
		fwrite(&stream->header, sizeof(stream->header), 1, stream->file);
	}
	err = ferror(stream->file) ? EIO : 0;
	if (fclose(stream->file) && !err)
		err = errno;
	stream->file = NULL;
	return err;
}
