/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --volume: folders of this machine that the guest mounts before its program starts. QEMU serves them by 9P, or
 * virtiofsd by virtio-fs.
 */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_folder(const struct volume *v, const char *spec)
{
	struct stat st;

	if (stat(v->host, &st))
		return run_fail(RUN_NOT_FOUND, "--volume %s: %s: %s", spec, v->host, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return run_fail(RUN_USAGE, "--volume %s: %s is not a folder", spec, v->host);
	if (access(v->host, v->read_only ? R_OK | X_OK : R_OK | W_OK | X_OK))
		return run_fail(RUN_REFUSED, "--volume %s: %s: %s%s", spec, v->host, strerror(errno),
				v->read_only ? "" : " (or :ro, if it is only to be read)");
	return 0;
}

/* Takes a word off the end, where it is one of them. */
static int take_word(const char *spec, const char **end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(*end - spec) <= len || memcmp(*end - len, word, len))
		return 0;
	*end -= len;
	return 1;
}

/* The words behind GUEST, in any order. */
static const char *take_words(const char *spec, struct volume *v)
{
	const char *end = spec + strlen(spec), *before;

	v->read_only = v->is_virtiofs = 0;
	do {
		before = end;
		v->read_only |= take_word(spec, &end, ":ro");
		v->is_virtiofs |= take_word(spec, &end, ":virtiofs");
		take_word(spec, &end, ":rw");
		take_word(spec, &end, ":9p");
	} while (end != before);
	return end;
}

int volume_parse(const char *spec, struct volume *v)
{
	const char *end = take_words(spec, v), *colon = memrchr(spec, ':', (size_t)(end - spec));
	char host[PATH_MAX];

	if (!colon || colon == spec || end - colon < 3 || colon[1] != '/' || end - colon > VOLUME_GUEST_MAX ||
	    colon - spec >= PATH_MAX)
		return run_fail(RUN_USAGE,
				"--volume %s: wants HOST:GUEST, HOST:GUEST:ro or HOST:GUEST:virtiofs, with an absolute "
				"GUEST that is not /",
				spec);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - spec), spec);
	snprintf(v->guest, sizeof(v->guest), "%.*s", (int)(end - colon - 1), colon + 1);
	while (v->guest[1] && v->guest[strlen(v->guest) - 1] == '/')
		v->guest[strlen(v->guest) - 1] = '\0';
	if (!v->guest[1])
		return run_fail(RUN_USAGE, "--volume %s: it cannot take the place of /", spec);
	if (!realpath(host, v->host))
		return run_fail(RUN_NOT_FOUND, "--volume %s: %s: %s", spec, host, strerror(errno));
	return check_folder(v, spec);
}

void volume_words(FILE *line, const struct volume *volumes, size_t count)
{
	char word[VOLUME_GUEST_MAX + 32];

	for (size_t i = 0; i < count; i++) {
		snprintf(word, sizeof(word), "volume%zu:%s:%s", i, volumes[i].read_only ? "ro" : "rw",
			 volumes[i].guest);
		words_add(line, volumes[i].is_virtiofs ? "virtiofs" : "volume", word);
	}
}
