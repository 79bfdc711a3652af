/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading perf.data: the file, the attributes of its events, and those features that say what names mean. See
 * perf_data.h.
 */
#include "objects.h"
#include "perf_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEATURES 256

int perf_bad(struct perf_reader *reader, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	vsnprintf(reader->error, PROFILE_ERROR, fmt, list);
	va_end(list);
	return -1;
}

/* ---- the file ---- */

static bool inside(const struct perf_reader *reader, uint64_t offset, uint64_t size)
{
	return offset <= reader->size && size <= reader->size - offset;
}

static int read_file(const char *path, uint8_t **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat st;
	ssize_t n;

	*size = 0;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	*bytes = memory_new(1, (size_t)st.st_size + 1);
	while (!err && *size < (size_t)st.st_size) {
		n = read(fd, *bytes + *size, (size_t)st.st_size - *size);
		if (n <= 0)
			err = n ? -errno : 1;
		else
			*size += (size_t)n;
	}
	close(fd);
	return err < 0 ? err : 0;
}

/* ---- events ---- */

static enum profile_unit unit_of(const struct perf_event_attr *attr, const char *name)
{
	static const struct {
		const char *name;
		enum profile_unit unit;
	} ours[] = { { "alloc", UNIT_BYTES },  { "offcpu", UNIT_NS },	{ "lock_wait", UNIT_NS },
		     { "spin_wait", UNIT_NS }, { "futex_wait", UNIT_NS }, { "fault", UNIT_NS },
		     { "syscall", UNIT_NS } };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcmp(name, ours[i].name))
			return ours[i].unit;
	if (attr->type == PERF_TYPE_SOFTWARE &&
	    (attr->config == PERF_COUNT_SW_CPU_CLOCK || attr->config == PERF_COUNT_SW_TASK_CLOCK))
		return UNIT_NS;
	return UNIT_NONE;
}

static const char *default_name(const struct perf_event_attr *attr, char *buf, size_t size)
{
	if (attr->type == PERF_TYPE_SOFTWARE && attr->config == PERF_COUNT_SW_CPU_CLOCK)
		return "cpu-clock";
	if (attr->type == PERF_TYPE_HARDWARE && attr->config == PERF_COUNT_HW_CPU_CYCLES)
		return "cycles";
	snprintf(buf, size, "event-%u-%llu", attr->type, (unsigned long long)attr->config);
	return buf;
}

static void add_ids(struct perf_reader *reader, const struct perf_section *section, uint32_t event)
{
	for (uint64_t i = 0; i < section->size / 8; i++) {
		struct perf_id id = { .event = event };

		memcpy(&id.id, reader->bytes + section->offset + i * 8, 8);
		reader->ids = memory_more(reader->ids, reader->id_count, sizeof(id));
		reader->ids[reader->id_count++] = id;
	}
}

static int read_attr(struct perf_reader *reader, uint64_t offset, uint64_t attr_size, uint32_t index)
{
	struct profile *p = reader->profile;
	struct perf_event_attr attr = { 0 };
	struct perf_section ids;
	uint64_t size = attr_size - sizeof(ids);
	char buf[64];

	memcpy(&attr, reader->bytes + offset, size < sizeof(attr) ? size : sizeof(attr));
	memcpy(&ids, reader->bytes + offset + size, sizeof(ids));
	if (!inside(reader, ids.offset, ids.size))
		return perf_bad(reader, "event %u: its ids are not in the file", index);
	add_ids(reader, &ids, index);
	reader->events[index] = (struct perf_event){ attr.sample_type, attr.read_format, attr.sample_id_all };
	p->events = memory_more(p->events, p->event_count, sizeof(*p->events));
	p->events[p->event_count].name = profile_string(p, default_name(&attr, buf, sizeof(buf)));
	p->events[p->event_count++].unit = unit_of(&attr, "");
	return 0;
}

static int read_attrs(struct perf_reader *reader, const struct perf_header *header)
{
	uint64_t count;

	/* The first published attribute had 64 bytes. */
	if (header->attr_size < 64 + sizeof(struct perf_section) || header->attr_size > 4096)
		return perf_bad(reader, "attributes of %llu bytes", (unsigned long long)header->attr_size);
	count = header->attrs.size / header->attr_size;
	if (!count || count > PERF_EVENTS_MAX || header->attrs.size % header->attr_size)
		return perf_bad(reader, "%llu events: 1 to %d are read", (unsigned long long)count, PERF_EVENTS_MAX);
	for (uint64_t i = 0; i < count; i++)
		if (read_attr(reader, header->attrs.offset + i * header->attr_size, header->attr_size, (uint32_t)i))
			return -1;
	/* Without an identifier in front, who has which layout must not matter. */
	for (uint64_t i = 1; i < count; i++)
		if (!(reader->events[i].sample_type & reader->events[0].sample_type & PERF_SAMPLE_IDENTIFIER) &&
		    reader->events[i].sample_type != reader->events[0].sample_type)
			return perf_bad(reader, "events with different samples, which do not say whose they are");
	return 0;
}

/* ---- features ---- */

/* Takes count bytes of a section; NULL: they are not there. */
static const uint8_t *take(const struct perf_reader *reader, struct perf_section *section, uint64_t count)
{
	const uint8_t *at = reader->bytes + section->offset;

	if (count > section->size)
		return NULL;
	section->offset += count;
	section->size -= count;
	return at;
}

static bool take_u32(const struct perf_reader *reader, struct perf_section *section, uint32_t *value)
{
	const uint8_t *at = take(reader, section, 4);

	if (at)
		memcpy(value, at, 4);
	return at;
}

/* The build ids of objects: entries with a header of records, pid, 20 bytes and padding, name. */
static int read_build_ids(struct perf_reader *reader, struct perf_section section)
{
	enum { NAME = 8 + 4 + 24 };
	struct perf_event_header header;
	struct known_build_id id;
	const uint8_t *at;

	while (section.size) {
		at = reader->bytes + section.offset;
		if (section.size < sizeof(header))
			return perf_bad(reader, "its list of build ids is damaged");
		memcpy(&header, at, sizeof(header));
		if (header.size < NAME + 1 || !take(reader, &section, header.size))
			return perf_bad(reader, "its list of build ids is damaged");
		memcpy(id.bytes, at + 12, BUILD_ID_MAX);
		id.size = header.misc & PERF_MISC_BUILD_ID_SIZE ? at[12 + BUILD_ID_MAX] : BUILD_ID_MAX;
		if (id.size > BUILD_ID_MAX)
			return perf_bad(reader, "a build id of %u bytes", id.size);
		id.path = strndup((const char *)at + NAME, header.size - NAME);
		if (!id.path)
			return perf_bad(reader, "out of memory");
		reader->processes.build_ids = memory_more(reader->processes.build_ids, reader->processes.build_id_count,
							  sizeof(id));
		reader->processes.build_ids[reader->processes.build_id_count++] = id;
	}
	return 0;
}

/* How many there are, how long an attribute is; of each: attribute, number of ids, name, ids. */
static int read_event_names(struct perf_reader *reader, struct perf_section section)
{
	struct profile *p = reader->profile;
	uint32_t count, attr_size, ids, length;
	struct perf_event_attr attr;
	const uint8_t *bytes, *text;
	char name[256];

	if (!take_u32(reader, &section, &count) || !take_u32(reader, &section, &attr_size))
		return perf_bad(reader, "its list of events is damaged");
	for (uint32_t i = 0; i < count && i < p->event_count; i++) {
		bytes = take(reader, &section, attr_size);
		if (!bytes || !take_u32(reader, &section, &ids) || !take_u32(reader, &section, &length))
			return perf_bad(reader, "its list of events is damaged");
		text = take(reader, &section, length);
		if (!text || !take(reader, &section, (uint64_t)ids * 8))
			return perf_bad(reader, "its list of events is damaged");
		memset(&attr, 0, sizeof(attr));
		memcpy(&attr, bytes, attr_size < sizeof(attr) ? attr_size : sizeof(attr));
		snprintf(name, sizeof(name), "%.*s", (int)(length < 255 ? length : 255), (const char *)text);
		p->events[i].name = profile_string(p, name);
		p->events[i].unit = unit_of(&attr, name);
	}
	return 0;
}

static int read_features(struct perf_reader *reader, const struct perf_header *header)
{
	uint64_t at = header->data.offset + header->data.size;
	struct perf_section section;
	int err = 0;

	for (unsigned feature = 0; !err && feature < FEATURES; feature++) {
		if (!(header->features[feature / 64] >> feature % 64 & 1))
			continue;
		if (!inside(reader, at, sizeof(section)))
			return perf_bad(reader, "cut short: no list of its features");
		memcpy(&section, reader->bytes + at, sizeof(section));
		at += sizeof(section);
		if (!inside(reader, section.offset, section.size))
			return perf_bad(reader, "cut short: feature %u is not in the file", feature);
		if (feature == PERF_BUILD_ID)
			err = read_build_ids(reader, section);
		if (feature == PERF_EVENT_DESC)
			err = read_event_names(reader, section);
	}
	return err;
}

/* ---- all of it ---- */

static int check_header(struct perf_reader *reader, struct perf_header *header)
{
	uint64_t magic;

	if (reader->size < 16)
		return perf_bad(reader, "no perf.data");
	memcpy(&magic, reader->bytes, 8);
	if (magic == __builtin_bswap64(PERF_MAGIC))
		return perf_bad(reader, "of a machine with the other byte order");
	if (magic != PERF_MAGIC)
		return perf_bad(reader, "no perf.data");
	memcpy(header, reader->bytes, reader->size < sizeof(*header) ? reader->size : sizeof(*header));
	if (header->size == 16)
		return perf_bad(reader, "perf.data of a pipe; perf record -o FILE writes one that can be read");
	if (header->size != sizeof(*header) || reader->size < sizeof(*header))
		return perf_bad(reader, "a header of %llu bytes", (unsigned long long)header->size);
	if (!inside(reader, header->attrs.offset, header->attrs.size))
		return perf_bad(reader, "cut short: its events are not in the file");
	if (!inside(reader, header->data.offset, header->data.size))
		return perf_bad(reader, "cut short: %zu bytes are too few for its records", reader->size);
	return 0;
}

struct profile *perf_read(const char *path, char *error)
{
	char message[PROFILE_ERROR] = "";
	struct perf_reader reader = { .profile = profile_new(), .error = message };
	struct perf_header header = { 0 };
	uint8_t *bytes = NULL;
	int err = read_file(path, &bytes, &reader.size);

	reader.processes.profile = reader.profile;
	if (err)
		snprintf(message, sizeof(message), "%s", err == -EINVAL ? "no file that can be read" : strerror(-err));
	reader.bytes = bytes;
	reader.profile->debug_dir = objects_debug_dir(path);
	if (!err)
		err = check_header(&reader, &header);
	if (!err)
		err = read_attrs(&reader, &header);
	if (!err)
		err = read_features(&reader, &header);
	if (!err)
		err = perf_read_records(&reader, header.data.offset, header.data.size);
	free(reader.ids);
	processes_free(&reader.processes);
	free(bytes);
	if (!err)
		return reader.profile;
	snprintf(error, PROFILE_ERROR, "%.120s: %.120s", path, message);
	profile_free(reader.profile);
	return NULL;
}
