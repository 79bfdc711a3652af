/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The images that are compared: see presets.h.
 */
#include "presets.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "defences.h"
#include "eval.h"
#include "signals.h"

static int preset_add(struct presets *presets, const char *name)
{
	struct preset *preset = &presets->list[presets->count];

	if (!*name || strlen(name) >= PRESET_NAME || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_+-")])
		return run_fail(EVAL_USAGE, "--presets %.48s: names with commas between them; see: saki eval list",
				name);
	for (size_t i = 0; i < presets->count; i++)
		if (!strcmp(presets->list[i].name, name))
			return 0;
	if (presets->count == PRESETS_MAX)
		return run_fail(EVAL_USAGE, "--presets: more than %d", PRESETS_MAX);
	memset(preset, 0, sizeof(*preset));
	snprintf(preset->name, sizeof(preset->name), "%s", name);
	preset->defence = defence_find(name);
	if (preset->defence < DEFENCES) {
		preset->sort = PRESET_ALONE;
		snprintf(preset->full, sizeof(preset->full), "attacks+none+%s", name);
	} else if (!strncmp(name, "no-", 3) && defence_find(name + 3) < DEFENCES) {
		preset->sort = PRESET_LESS_ONE;
		preset->defence = defence_find(name + 3);
		snprintf(preset->full, sizeof(preset->full), "attacks+hardened+%s", name);
	} else {
		preset->sort = !strcmp(name, "none")       ? PRESET_NONE
			       : !strcmp(name, "hardened") ? PRESET_HARDENED
							   : PRESET_OTHER;
		snprintf(preset->full, sizeof(preset->full), "attacks+%s", name);
	}
	presets->count++;
	return 0;
}

static int choose_all(struct presets *presets)
{
	char name[PRESET_NAME];
	int status = preset_add(presets, "none");

	for (enum defence d = 0; d < DEFENCES && !status; d++)
		status = preset_add(presets, defences[d].name);
	if (!status)
		status = preset_add(presets, "hardened");
	for (enum defence d = 0; d < DEFENCES && !status; d++) {
		/* The view of page tables is in its place. */
		if (d == DEFENCE_PKS)
			continue;
		snprintf(name, sizeof(name), "no-%s", defences[d].name);
		status = preset_add(presets, name);
	}
	return status;
}

int presets_choose(struct presets *presets, const char *names)
{
	presets->count = 0;
	if (!names)
		return choose_all(presets);
	for (;;) {
		char name[PRESET_NAME + 1];
		size_t len = strcspn(names, ",");
		int status;

		snprintf(name, sizeof(name), "%.*s", (int)(len < PRESET_NAME ? len : PRESET_NAME), names);
		status = preset_add(presets, name);
		if (status)
			return status;
		names += len;
		if (!*names++)
			return 0;
	}
}

/* ---- building ---- */

static int make(const struct preset *preset)
{
	const char *root = getenv("SAKI_ROOT");
	char word[sizeof(preset->full) + 8], folder[PATH_MAX];

	if (!root || !*root || getenv("SAKI_NO_BUILD"))
		return 0;
	snprintf(word, sizeof(word), "PRESET=%s", preset->full);
	snprintf(folder, sizeof(folder), "%s", root);
	return tool_wait((char *[]){ "make", "-s", "-C", folder, "image", "IMAGE=x86_64", word, NULL });
}

/* Sizes, by the segments that are loaded. 0 when it is no such file. */
static int read_sizes(struct preset *preset)
{
	FILE *file = fopen(preset->image, "re");
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	bool fine;

	if (!file)
		return -1;
	fine = fread(&header, sizeof(header), 1, file) == 1 && !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
	       header.e_phentsize == sizeof(segment) && !fseek(file, (long)header.e_phoff, SEEK_SET);
	for (unsigned i = 0; fine && i < header.e_phnum; i++) {
		fine = fread(&segment, sizeof(segment), 1, file) == 1;
		if (fine && segment.p_type == PT_LOAD && !(segment.p_flags & PF_W))
			preset->text_bytes += segment.p_memsz;
		else if (fine && segment.p_type == PT_LOAD)
			preset->data_bytes += segment.p_memsz;
	}
	fclose(file);
	return fine ? 0 : -1;
}

static int look(struct preset *preset)
{
	char build[PATH_MAX], config[PATH_MAX];

	if (image_build_dir(build) || asprintf(&preset->image, "%s/x86_64-%s/saki.elf", build, preset->full) < 0)
		return run_fail(-1, "cannot tell where the images are: %s", strerror(errno));
	if ((size_t)snprintf(config, sizeof(config), "%s/x86_64-%s/.config", build, preset->full) >= sizeof(config))
		return run_fail(-1, "%s: too long a name", preset->image);
	if (access(preset->image, R_OK))
		return run_fail(-1, "%s: %s; run: make image IMAGE=x86_64 PRESET=%s", preset->image, strerror(errno),
				preset->full);
	if (defence_read_config(config, &preset->on))
		return run_fail(-1, "%s: %s", config, strerror(errno));
	if (read_sizes(preset))
		return run_fail(-1, "%s: not an image", preset->image);
	return 0;
}

int presets_build(struct presets *presets)
{
	size_t built = 0;

	for (size_t i = 0; i < presets->count; i++) {
		struct preset *preset = &presets->list[i];
		int status;

		progress("image %zu of %zu: %s", i + 1, presets->count, preset->full);
		status = make(preset);
		progress_end();
		if (status == INTERRUPTED)
			return status;
		if (status)
			run_fail(0, "no image of preset %s; see: make image IMAGE=x86_64 PRESET=%s", preset->name,
				 preset->full);
		if (!status && !look(preset)) {
			built++;
			continue;
		}
		free(preset->image);
		preset->image = NULL;
	}
	return built ? 0 : EVAL_ENVIRONMENT;
}

void presets_free(struct presets *presets)
{
	for (size_t i = 0; i < presets->count; i++) {
		free(presets->list[i].image);
		presets->list[i].image = NULL;
	}
}
