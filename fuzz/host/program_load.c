/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs from files, in either form.
 */
#include <errno.h>
#include <fuzz/abi/channel.h>
#include <fuzz/host/program_text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ssize_t program_load(const char *path, uint8_t *out, size_t max, char *error)
{
	const char *end = strrchr(path, '.');
	bool text = end && (strcmp(end, ".prog") == 0 || strcmp(end, ".txt") == 0);
	size_t limit = text ? 8 * CHANNEL_INPUT_MAX : max;
	uint8_t *data = malloc(limit + 1);
	FILE *file = fopen(path, "rb");
	ssize_t size = -1;
	size_t len;

	if (!file || !data) {
		snprintf(error, PROGRAM_ERROR_MAX, "%.150s: %s", path, strerror(errno));
		goto out;
	}
	len = fread(data, 1, limit + 1, file);
	if (ferror(file)) {
		snprintf(error, PROGRAM_ERROR_MAX, "%.150s: %s", path, strerror(errno));
	} else if (len > limit) {
		snprintf(error, PROGRAM_ERROR_MAX, "%.150s: more than %zu bytes", path, limit);
	} else if (text) {
		size = program_parse(path, (char *)data, len, out, max, error);
	} else {
		memcpy(out, data, len);
		size = (ssize_t)len;
	}
out:
	if (file)
		fclose(file);
	free(data);
	return size;
}
