/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki prof pprof: Google's profile.proto, packed by gzip, which go tool pprof and many others read. Message and field
 * numbers are those of github.com/google/pprof/proto/profile.proto.
 */
#include "prof.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
	SAMPLE_TYPE = 1,
	SAMPLE = 2,
	MAPPING = 3,
	LOCATION = 4,
	FUNCTION = 5,
	STRING_TABLE = 6,
	TIME_NANOS = 9,
	DURATION_NANOS = 10,
	PERIOD_TYPE = 11,
	PERIOD = 12,
	DEFAULT_SAMPLE_TYPE = 14
};
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

struct message {
	uint8_t *bytes;
	size_t size, room;
};

static void put_byte(struct message *m, uint8_t byte)
{
	if (m->size == m->room) {
		uint8_t *more = memory_new(m->room ? m->room * 2 : 64, 1);

		if (m->size)
			memcpy(more, m->bytes, m->size);
		free(m->bytes);
		m->bytes = more;
		m->room = m->room ? m->room * 2 : 64;
	}
	m->bytes[m->size++] = byte;
}

static void put_varint(struct message *m, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(m, (uint8_t)(value | 0x80));
	put_byte(m, (uint8_t)value);
}

/* 0 is what is not there. */
static void put_number(struct message *m, unsigned field, uint64_t value)
{
	if (!value)
		return;
	put_varint(m, field << 3 | WIRE_VARINT);
	put_varint(m, value);
}

static void put_bytes(struct message *m, unsigned field, const void *bytes, size_t size)
{
	put_varint(m, field << 3 | WIRE_BYTES);
	put_varint(m, size);
	for (size_t i = 0; i < size; i++)
		put_byte(m, ((const uint8_t *)bytes)[i]);
}

/* And empties it. */
static void put_message(struct message *m, unsigned field, struct message *part)
{
	put_bytes(m, field, part->bytes, part->size);
	part->size = 0;
}

/* ---- a profile ---- */

struct pprof {
	struct profile *profile;
	uint32_t event;
	struct message all, part, list;
};

/* type, unit */
static void put_value_type(struct pprof *pp, unsigned field, const char *type, const char *unit)
{
	put_number(&pp->part, 1, profile_string(pp->profile, type));
	put_number(&pp->part, 2, profile_string(pp->profile, unit));
	put_message(&pp->all, field, &pp->part);
}

/* location_id (innermost first), value, labels */
static void put_sample(struct pprof *pp, const struct profile_sample *s)
{
	struct profile *p = pp->profile;

	for (uint32_t i = 0; i < s->depth; i++)
		put_varint(&pp->list, p->chain[s->chain + i] + 1);
	put_message(&pp->part, 1, &pp->list);
	put_varint(&pp->list, 1);
	put_varint(&pp->list, s->value);
	put_message(&pp->part, 2, &pp->list);
	put_number(&pp->list, 1, profile_string(p, "thread"));
	put_number(&pp->list, 2, s->comm);
	put_message(&pp->part, 3, &pp->list);
	put_message(&pp->all, SAMPLE, &pp->part);
}

static uint32_t build_id_string(struct profile *p, const struct profile_object *object)
{
	char text[2 * BUILD_ID_MAX + 1] = "";

	for (unsigned i = 0; i < object->build_id_size; i++)
		snprintf(text + i * 2, 3, "%02x", object->build_id[i]);
	return profile_string(p, text);
}

/* Addresses are as linked: pprof adds nothing to them where the start of a mapping is 0. */
static void put_mapping(struct pprof *pp, uint32_t index)
{
	const struct profile_object *object = &pp->profile->objects[index];

	put_number(&pp->part, 1, index + 1);
	put_number(&pp->part, 3, UINT64_MAX);
	put_number(&pp->part, 5, object->path);
	put_number(&pp->part, 6, build_id_string(pp->profile, object));
	put_number(&pp->part, 7, 1);
	put_message(&pp->all, MAPPING, &pp->part);
}

static void put_location(struct pprof *pp, uint32_t index)
{
	const struct profile_place *place = &pp->profile->places[index];

	put_number(&pp->part, 1, index + 1);
	put_number(&pp->part, 2, place->object + 1);
	put_number(&pp->part, 3, place->address);
	put_number(&pp->list, 1, place->function + 1);
	put_message(&pp->part, 4, &pp->list);
	put_message(&pp->all, LOCATION, &pp->part);
}

static void put_function(struct pprof *pp, uint32_t index)
{
	const struct profile_function *function = &pp->profile->functions[index];

	put_number(&pp->part, 1, index + 1);
	put_number(&pp->part, 2, function->name);
	put_number(&pp->part, 3, function->name);
	put_message(&pp->all, FUNCTION, &pp->part);
}

static const char *value_type(const struct view *view, const char *event)
{
	switch (view->profiles[0]->events[view->event].unit) {
	case UNIT_BYTES: return view->live ? "inuse_space" : "alloc_space";
	case UNIT_NS: return !strcmp(event, "offcpu") || strstr(event, "_wait") ? "delay" : "cpu";
	default: return event;
	}
}

static void put_profile(struct pprof *pp, const struct view *view)
{
	struct profile *p = pp->profile;
	const char *unit = p->events[pp->event].unit == UNIT_NS      ? "nanoseconds"
			   : p->events[pp->event].unit == UNIT_BYTES ? "bytes"
								     : "count";
	const char *type = value_type(view, profile_text(p, p->events[pp->event].name));

	put_value_type(pp, SAMPLE_TYPE, "samples", "count");
	put_value_type(pp, SAMPLE_TYPE, type, unit);
	for (size_t i = 0; i < p->sample_count; i++)
		if (p->samples[i].event == pp->event && p->samples[i].value)
			put_sample(pp, &p->samples[i]);
	for (uint32_t i = 0; i < p->object_count; i++)
		put_mapping(pp, i);
	for (uint32_t i = 0; i < p->place_count; i++)
		put_location(pp, i);
	for (uint32_t i = 0; i < p->function_count; i++)
		put_function(pp, i);
	if (p->sample_count)
		put_number(&pp->all, DURATION_NANOS, p->samples[p->sample_count - 1].time - p->samples[0].time);
	put_value_type(pp, PERIOD_TYPE, type, unit);
	put_number(&pp->all, PERIOD, 1);
	put_number(&pp->all, DEFAULT_SAMPLE_TYPE, profile_string(p, type));
	/* The table may have grown until here. */
	for (size_t i = 0; i < p->string_count; i++)
		put_bytes(&pp->all, STRING_TABLE, p->strings[i], strlen(p->strings[i]));
}

int cmd_pprof(int argc, char **argv)
{
	struct view view;
	struct pprof pp = { 0 };
	int status = view_open(&view, argc, argv, 1, VIEW_OUT | VIEW_WAKERS);
	gzFile packed;
	FILE *out;

	if (status >= 0)
		return status;
	if (!view.out)
		view.out = "profile.pb.gz";
	pp.profile = view.profiles[0];
	pp.event = view.event;
	put_profile(&pp, &view);
	out = view_out(&view);
	packed = out ? gzdopen(dup(fileno(out)), "wb") : NULL;
	status = EXIT_ENVIRONMENT;
	if (packed && gzwrite(packed, pp.all.bytes, (unsigned)pp.all.size) == (int)pp.all.size)
		status = EXIT_DONE;
	if ((packed && gzclose(packed) != Z_OK) || (out && status))
		status = run_fail(EXIT_ENVIRONMENT, "%s: cannot be written", view.out);
	if (out && view_finish(&view, out))
		status = EXIT_ENVIRONMENT;
	free(pp.all.bytes);
	free(pp.part.bytes);
	free(pp.list.bytes);
	view_close(&view);
	return status;
}
