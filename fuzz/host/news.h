/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * News between the engine processes of one campaign: each tells which inputs it stored in the corpus, and hears of the
 * others'. They are lines of one file, in the order in which they came.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Of one engine process; work and corpus are folders. NULL with errno. */
struct news *news_open(const char *work, const char *corpus, unsigned clone);
/* This input is in the corpus now. One that was heard of last is no news. */
void news_tell(struct news *news, const void *data, size_t size);
/* The next input of another process, at most max bytes. @return its size; 0 when there is none now. */
size_t news_hear(struct news *news, uint8_t *data, size_t max);
void news_close(struct news *news);
