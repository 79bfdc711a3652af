/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory and strings, with the meaning C gives them. The only libc names that the kernel may use as globals:
 * booted images have their own (kernel/lib/string.c), the host image links to libc's (or ASan's, which checks).
 */
#pragma once

#include <kernel/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
