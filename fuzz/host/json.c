/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON: see json.h.
 */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		fputs(", ", json->out);
	json->comma = true;
	if (key) {
		quoted(json->out, key);
		fputs(": ", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	putc(bracket, json->out);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	putc(bracket, json->out);
	json->comma = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin(json, key);
	if (value)
		quoted(json->out, value);
	else
		fputs("null", json->out);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_real(struct json *json, const char *key, double value)
{
	begin(json, key);
	fprintf(json->out, "%.*f", fabs(value) < 100 ? 3 : 1, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "\"0x%" PRIx64 "\"", value);
}

static const char *find_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = text; (at = strchr(at, '"')); at++) {
		if (!strncmp(at + 1, key, len) && !strncmp(at + 1 + len, "\": ", 3))
			return at + len + 4;
	}
	return NULL;
}

bool json_find(const char *text, const char *key, char *buf, size_t size)
{
	const char *at = find_key(text, key);
	size_t n = 0;
	bool string;

	if (!at || !size)
		return false;
	string = *at == '"';
	at += string;
	while (*at && n + 1 < size && (string ? *at != '"' : !strchr(",}] \n", *at))) {
		if (string && *at == '\\' && at[1])
			at++;
		buf[n++] = *at++;
	}
	buf[n] = '\0';
	return n > 0;
}
