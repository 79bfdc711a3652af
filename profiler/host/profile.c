/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of a profile: see profile.h. Each is an array, and an open hash table of indices into it.
 */
#include "profile.h"

#include "elf_file.h"
#include "kallsyms.h"
#include "objects.h"
#include "prof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_STRINGS, TABLE_FUNCTIONS, TABLE_PLACES };

struct table {
	uint32_t *slots;	/* index + 1; 0: free */
	size_t size, used;	/* size is a power of two */
};

/* ---- tables ---- */

static uint64_t hash_bytes(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

static uint64_t hash_words(uint64_t a, uint64_t b)
{
	uint64_t words[2] = { a, b };

	return hash_bytes(words, sizeof(words));
}

static uint64_t hash_of(const struct profile *p, int which, uint32_t index)
{
	switch (which) {
	case TABLE_STRINGS: return hash_bytes(p->strings[index], strlen(p->strings[index]));
	case TABLE_FUNCTIONS: return hash_words(p->functions[index].name, p->functions[index].object);
	default: return hash_words(p->places[index].address, p->places[index].object);
	}
}

static void table_grow(struct profile *p, int which)
{
	struct table *table = p->tables[which];
	struct table old = *table;

	table->size = old.size ? old.size * 2 : 256;
	table->slots = memory_new(table->size, sizeof(*table->slots));
	for (size_t i = 0; i < old.size; i++) {
		size_t at;

		if (!old.slots[i])
			continue;
		at = hash_of(p, which, old.slots[i] - 1);
		while (table->slots[at & (table->size - 1)])
			at++;
		table->slots[at & (table->size - 1)] = old.slots[i];
	}
	free(old.slots);
}

/* The slot where it is, or belongs: same() says whether an index is the one that is looked for. */
static uint32_t *table_slot(struct profile *p, int which, uint64_t hash,
			    bool (*same)(struct profile *, uint32_t, const void *), const void *key)
{
	struct table *table = p->tables[which];
	uint32_t *slot;

	if (table->used * 2 >= table->size)
		table_grow(p, which);
	for (;; hash++) {
		slot = &table->slots[hash & (table->size - 1)];
		if (!*slot || same(p, *slot - 1, key))
			return slot;
	}
}

/* ---- strings ---- */

static bool same_string(struct profile *p, uint32_t index, const void *key)
{
	return !strcmp(p->strings[index], key);
}

uint32_t profile_string(struct profile *p, const char *text)
{
	uint32_t *slot = table_slot(p, TABLE_STRINGS, hash_bytes(text, strlen(text)), same_string, text);

	if (*slot)
		return *slot - 1;
	p->strings = memory_more(p->strings, p->string_count, sizeof(*p->strings));
	p->strings[p->string_count] = memcpy(memory_new(strlen(text) + 1, 1), text, strlen(text));
	p->tables[TABLE_STRINGS]->used++;
	*slot = (uint32_t)++p->string_count;
	return *slot - 1;
}

/* ---- objects ---- */

uint32_t profile_object(struct profile *p, const char *path, const uint8_t *build_id, size_t build_id_size)
{
	uint32_t string = profile_string(p, path);
	const char *base = strrchr(path, '/');
	struct profile_object *object;

	if (build_id_size > BUILD_ID_MAX)
		build_id_size = BUILD_ID_MAX;
	for (size_t i = 0; i < p->object_count; i++) {
		object = &p->objects[i];
		if (object->path != string)
			continue;
		if (!build_id_size ||
		    (object->build_id_size == build_id_size && !memcmp(object->build_id, build_id, build_id_size)))
			return (uint32_t)i;
	}
	p->objects = memory_more(p->objects, p->object_count, sizeof(*p->objects));
	object = &p->objects[p->object_count];
	memset(object, 0, sizeof(*object));
	object->path = string;
	object->name = profile_string(p, base && base[1] ? base + 1 : path);
	object->build_id_size = (uint8_t)build_id_size;
	if (build_id_size)
		memcpy(object->build_id, build_id, build_id_size);
	return (uint32_t)p->object_count++;
}

/* ---- functions and places ---- */

static bool same_function(struct profile *p, uint32_t index, const void *key)
{
	const struct profile_function *function = key;

	return p->functions[index].name == function->name && p->functions[index].object == function->object;
}

static uint32_t function_of(struct profile *p, uint32_t object, const char *name)
{
	struct profile_function function = { profile_string(p, name), object };
	uint32_t *slot = table_slot(p, TABLE_FUNCTIONS, hash_words(function.name, object), same_function, &function);

	if (*slot)
		return *slot - 1;
	p->functions = memory_more(p->functions, p->function_count, sizeof(*p->functions));
	p->functions[p->function_count] = function;
	p->tables[TABLE_FUNCTIONS]->used++;
	*slot = (uint32_t)++p->function_count;
	return *slot - 1;
}

static bool same_place(struct profile *p, uint32_t index, const void *key)
{
	const struct profile_place *place = key;

	return p->places[index].address == place->address && p->places[index].object == place->object;
}

uint32_t profile_place(struct profile *p, uint32_t object, uint64_t offset, bool caller)
{
	struct profile_place place = { .object = object };
	char name[OBJECT_NAME];
	uint32_t *slot;

	if (caller && offset)
		offset--;
	place.address = objects_address(p, object, offset);
	slot = table_slot(p, TABLE_PLACES, hash_words(place.address, object), same_place, &place);
	if (*slot)
		return *slot - 1;
	p->tables[TABLE_PLACES]->used++;
	*slot = (uint32_t)p->place_count + 1;
	objects_function(p, object, place.address, name);
	place.function = function_of(p, object, name);
	p->places = memory_more(p->places, p->place_count, sizeof(*p->places));
	p->places[p->place_count] = place;
	return (uint32_t)p->place_count++;
}

uint32_t profile_place_named(struct profile *p, const char *object, const char *name)
{
	struct profile_place place = { .address = profile_string(p, name),
				       .object = profile_object(p, object, NULL, 0) };
	uint32_t *slot = table_slot(p, TABLE_PLACES, hash_words(place.address, place.object), same_place, &place);

	if (*slot)
		return *slot - 1;
	p->tables[TABLE_PLACES]->used++;
	*slot = (uint32_t)p->place_count + 1;
	place.function = function_of(p, place.object, name);
	p->places = memory_more(p->places, p->place_count, sizeof(*p->places));
	p->places[p->place_count] = place;
	return (uint32_t)p->place_count++;
}

const char *profile_place_name(const struct profile *p, uint32_t place)
{
	return profile_text(p, p->functions[p->places[place].function].name);
}

bool profile_place_is_kernel(const struct profile *p, uint32_t place)
{
	return p->objects[p->places[place].object].is_kernel;
}

/* ---- all of it ---- */

struct profile *profile_new(void)
{
	struct profile *p = memory_new(1, sizeof(*p));

	for (size_t i = 0; i < sizeof(p->tables) / sizeof(p->tables[0]); i++)
		p->tables[i] = memory_new(1, sizeof(struct table));
	profile_string(p, "");
	return p;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->object_count; i++) {
		elf_file_close(p->objects[i].elf);
		kallsyms_close(p->objects[i].kallsyms);
	}
	for (size_t i = 0; i < p->string_count; i++)
		free(p->strings[i]);
	for (size_t i = 0; i < sizeof(p->tables) / sizeof(p->tables[0]); i++) {
		free(p->tables[i]->slots);
		free(p->tables[i]);
	}
	free(p->objects);
	free(p->functions);
	free(p->places);
	free(p->events);
	free(p->samples);
	free(p->chain);
	free(p->strings);
	free(p->debug_dir);
	free(p);
}
