/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entropy of places: see entropy.h. A machine whose command line says "entropy" says where its regions are:
 *
 *	entropy: REGION HEX		in this boot
 *	entropy-values: REGION N	how many values there may be, as its code has it; N is decimal, or 2^K
 */
#include "entropy.h"

#include <ctype.h>
#include <fuzz/host/json.h>
#include <math.h>
#include <plat/run/image.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "pool.h"
#include "presets.h"

#define BOOTS 1000

struct measuring {
	struct regions *regions;
	const struct eval_options *options;
	const char *image;
	unsigned wanted, started;
	char said[160];		/* of the last machine that said nothing of it */
};

/* Made when it is new; NULL without room. */
static struct region *region_of(struct measuring *m, const char *name)
{
	struct regions *regions = m->regions;
	struct region *region;

	for (size_t i = 0; i < regions->count; i++)
		if (!strcmp(regions->list[i].name, name))
			return &regions->list[i];
	if (regions->count == REGIONS_MAX)
		return NULL;
	region = &regions->list[regions->count];
	*region = (struct region){ .samples = calloc(m->wanted, sizeof(uint64_t)) };
	if (!region->samples)
		return NULL;
	snprintf(region->name, sizeof(region->name), "%s", name);
	regions->count++;
	return region;
}

/* "REGION REST": false when the name is none. */
static bool cut_name(const char *line, char name[REGION_NAME], const char **rest)
{
	size_t len = strcspn(line, " ");

	if (!len || len >= REGION_NAME || line[len] != ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)line[i]) && !strchr("-_.", line[i]))
			return false;
	snprintf(name, REGION_NAME, "%.*s", (int)len, line);
	*rest = line + len + 1;
	return true;
}

/* A region counts once a boot: round is the number of samples that a region may have by now. */
static bool read_sample(struct measuring *m, const char *line, size_t round)
{
	char name[REGION_NAME], *end;
	const char *rest;
	struct region *region;
	uint64_t value;

	if (!cut_name(line, name, &rest))
		return false;
	value = strtoull(rest, &end, 16);
	region = end == rest || *end ? NULL : region_of(m, name);
	if (!region || region->count >= round)
		return false;
	region->samples[region->count++] = value;
	return true;
}

static void read_values(struct measuring *m, const char *line)
{
	char name[REGION_NAME];
	const char *rest;
	struct region *region;

	if (!cut_name(line, name, &rest) || !(region = region_of(m, name)))
		return;
	if (!strncmp(rest, "2^", 2)) {
		region->reachable_bits = strtod(rest + 2, NULL);
		region->reachable = region->reachable_bits < 64 ? (uint64_t)exp2(region->reachable_bits) : UINT64_MAX;
	} else {
		region->reachable = strtoull(rest, NULL, 10);
		region->reachable_bits = region->reachable ? log2((double)region->reachable) : 0;
	}
}

/* ---- boots ---- */

static bool next(void *arg, struct boot *boot)
{
	struct measuring *m = arg;

	if (m->started == m->wanted)
		return false;
	m->started++;
	*boot = (struct boot){ .kernel = m->image, .line = "entropy", .limit_s = m->options->limit_s };
	return true;
}

static void done(void *arg, const struct boot *boot, const struct booted *booted)
{
	struct measuring *m = arg;
	const char *text = booted->evidence.end == END_NO_MACHINE ? booted->evidence.error : booted->evidence.text;
	size_t samples = 0;
	char line[256];

	(void)boot;
	copy_line(m->said, sizeof(m->said), text + strspn(text, "\n"));
	while (*text) {
		copy_line(line, sizeof(line), text);
		if (!strncmp(line, "entropy: ", 9))
			samples += read_sample(m, line + 9, m->regions->boots + 1);
		else if (!strncmp(line, "entropy-values: ", 16))
			read_values(m, line + 16);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	m->regions->boots += samples > 0;
	m->regions->failed += !samples;
	progress("boot %u of %u", m->regions->boots + m->regions->failed, m->wanted);
}

int regions_measure(struct regions *regions, const char *image, const char *preset, const struct eval_options *options)
{
	struct measuring m = { regions, options, image, options->boots ? options->boots : BOOTS, 0, "" };
	struct pool_work work = { .next = next, .done = done, .arg = &m };
	int status;

	*regions = (struct regions){ .preset = preset };
	status = pool_run(&work, options->jobs);
	progress_end();
	if (status)
		return status;
	if (!regions->boots)
		return run_fail(EVAL_ENVIRONMENT, "%s says nothing of where its regions are; it says: %s", image,
				*m.said ? m.said : "nothing");
	for (size_t i = 0; i < regions->count; i++)
		regions->list[i].entropy = entropy_of(regions->list[i].samples, regions->list[i].count);
	return 0;
}

void regions_free(struct regions *regions)
{
	for (size_t i = 0; i < regions->count; i++)
		free(regions->list[i].samples);
	regions->count = 0;
}

/* ---- showing ---- */

void regions_text(const struct regions *regions, FILE *out)
{
	fprintf(out, "%u boots of preset %s", regions->boots, regions->preset);
	fprintf(out, regions->failed ? ", and %u that said nothing\n\n" : "\n\n", regions->failed);
	fprintf(out, "%-16s  %7s  %9s  %7s  %8s  %11s  %s\n", "region", "boots", "different", "bits", "at least",
		"min-entropy", "reachable");
	for (size_t i = 0; i < regions->count; i++) {
		const struct region *r = &regions->list[i];

		fprintf(out, "%-16.16s  %7zu  %9zu  ", r->name, r->entropy.samples, r->entropy.different);
		if (r->entropy.pairs)
			fprintf(out, "%7.1f", r->entropy.collision_bits);
		else
			fprintf(out, "%7s", "");
		fprintf(out, "  %8.1f  %11.1f  ", r->entropy.collision_least_bits, r->entropy.mcv_bits);
		if (r->reachable)
			fprintf(out, "2^%.1f\n", r->reachable_bits);
		else
			fputs("-\n", out);
	}
	fputs("\nbits: by pairs of boots with equal values, where there are any; at least: what\n"
	      "that is with 95 %. min-entropy: at least, by the commonest value (SP 800-90B,\n"
	      "6.3.1), of which N boots cannot show more than about log2(N) - 2. reachable:\n"
	      "different values, as the kernel's code counts them.\n",
	      out);
}

void regions_json(const struct regions *regions, struct json *json)
{
	json_string(json, "preset", regions->preset);
	json_number(json, "boots", regions->boots);
	json_number(json, "failed_boots", regions->failed);
	json_open(json, "regions", '{');
	for (size_t i = 0; i < regions->count; i++) {
		const struct region *r = &regions->list[i];

		json_open(json, r->name, '{');
		json_real(json, "bits", r->entropy.collision_bits);
		json_real(json, "bits_at_least", r->entropy.collision_least_bits);
		json_number(json, "values", r->reachable);
		json_real(json, "values_bits", r->reachable_bits);
		json_real(json, "min_entropy_bits", r->entropy.mcv_bits);
		json_real(json, "limit_bits", r->entropy.limit_bits);
		json_number(json, "samples", r->entropy.samples);
		json_number(json, "different", r->entropy.different);
		json_number(json, "most_common", r->entropy.most_common);
		json_hex(json, "varying_bits", r->entropy.varying);
		json_close(json, '}');
	}
	json_close(json, '}');
}

int cmd_entropy(const struct eval_options *o)
{
	static struct presets presets;
	static struct regions regions;
	struct json json = { .out = stdout };
	int status = presets_choose(&presets, o->presets ? o->presets : "hardened");

	if (!status && presets.count > 1)
		status = run_fail(EVAL_USAGE, "entropy is of one preset");
	if (!status)
		status = presets_build(&presets);
	if (!status)
		status = regions_measure(&regions, presets.list[0].image, presets.list[0].name, o);
	if (!status && o->json) {
		json_open(&json, NULL, '{');
		regions_json(&regions, &json);
		json_close(&json, '}');
		putchar('\n');
	} else if (!status) {
		regions_text(&regions, stdout);
	}
	if (!status && regions.failed)
		status = EVAL_UNEXPECTED;
	regions_free(&regions);
	presets_free(&presets);
	return status;
}
