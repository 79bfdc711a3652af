/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * News between engine processes: see news.h. A line is written at once, so that lines of several processes do not mix.
 */
#include "news.h"

#include <fcntl.h>
#include <fuzz/abi/channel.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

#define LINE 20			/* "00 0123456789abcdef\n": who, what */

struct news {
	int fd;
	unsigned clone;
	uint64_t heard;		/* the last one, by its hash */
	off_t at;
	char corpus[PATH_MAX];
};

struct news *news_open(const char *work, const char *corpus, unsigned clone)
{
	struct news *news = calloc(1, sizeof(*news));
	char path[PATH_MAX + 16];

	if (!news)
		return NULL;
	snprintf(path, sizeof(path), "%s/news", work);
	snprintf(news->corpus, sizeof(news->corpus), "%s", corpus);
	news->clone = clone;
	news->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (news->fd >= 0)
		return news;
	free(news);
	return NULL;
}

void news_tell(struct news *news, const void *data, size_t size)
{
	uint64_t hash = hash_bytes(data, size);
	char line[LINE + 1];

	if (hash == news->heard)
		return;
	snprintf(line, sizeof(line), "%02x %016" PRIx64 "\n", news->clone & 0xff, hash);
	/* It is in the corpus anyway: where the disk is full, others find it when they start again. */
	if (write(news->fd, line, LINE) != LINE)
		return;
}

size_t news_hear(struct news *news, uint8_t *data, size_t max)
{
	char line[LINE + 1] = "", path[PATH_MAX + 24];
	unsigned clone;

	while (pread(news->fd, line, LINE, news->at) == LINE) {
		uint8_t *input;
		size_t size;

		news->at += LINE;
		if (sscanf(line, "%2x %16" SCNx64, &clone, &news->heard) != 2 || clone == news->clone)
			continue;
		snprintf(path, sizeof(path), "%s/%016" PRIx64, news->corpus, news->heard);
		input = load_file(path, &size, CHANNEL_INPUT_MAX);
		if (input && size && size <= max) {
			memcpy(data, input, size);
			free(input);
			return size;
		}
		free(input);
	}
	return 0;
}

void news_close(struct news *news)
{
	if (!news)
		return;
	close(news->fd);
	free(news);
}
