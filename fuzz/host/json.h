/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing JSON to a stream, one value after the other; commas are its business, nesting is the caller's. And reading
 * single values back from what we wrote ourselves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma;	/* a value precedes at this level */
};

/* key is NULL in arrays. */
void json_open(struct json *json, const char *key, char bracket);	/* '{' or '[' */
void json_close(struct json *json, char bracket);			/* '}' or ']' */
void json_string(struct json *json, const char *key, const char *value);	/* NULL: null */
void json_number(struct json *json, const char *key, uint64_t value);
void json_real(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);
void json_hex(struct json *json, const char *key, uint64_t value);	/* "0x..." */

/* The string or number of the first "key": in text, unescaped into buf. False when there is none. */
bool json_find(const char *text, const char *key, char *buf, size_t size);
