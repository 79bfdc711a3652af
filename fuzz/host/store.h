/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files and folders of a campaign. Writes are atomic (a new file, then renamed), so an interruption or a full disk
 * never leaves half a file under a good name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a folder and its parents. 0 or -1 with errno. */
int make_folders(const char *path);
/* 0 or -1 with errno. */
int store_file(const char *path, const void *data, size_t size);
/* Stores under the content's hash, unless it is there. 0 or -1 with errno. */
int store_by_hash(const char *folder, const void *data, size_t size);
/* The whole file, NUL-terminated behind its end, to be freed; NULL with errno (EFBIG beyond max bytes). */
uint8_t *load_file(const char *path, size_t *size, size_t max);
/*
 * Calls visit for every regular file of a folder, in order of name, hidden ones left out. 0, -1 with errno, or
 * visit's result.
 */
int folder_foreach(const char *folder, int (*visit)(const char *path, const char *name, void *context), void *context);
/**
 * Room put by on the disk, so that when it is full what is in hand can still be written: reserve_make() puts it by in a
 * folder (0, or -1 with errno), reserve_spend() gives it back to the disk (true: it was there).
 */
int reserve_make(const char *folder);
bool reserve_spend(const char *folder);
/* Removes a folder and all in it. */
void remove_tree(const char *path);
uint64_t hash_bytes(const void *data, size_t size);
