/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and texts in messages: little-endian, as all machines are that this runs on. See client.h.
 */
#include "client.h"

#include <kernel/string.h>

/* ---- the message ---- */

static void put(struct p9_call *call, const void *bytes, size_t len)
{
	if (len > P9_BUFFER - call->sent) {
		call->bad = true;
		return;
	}
	memcpy(p9_sent(call) + call->sent, bytes, len);
	call->sent += len;
}

void p9_put8(struct p9_call *call, uint8_t value)
{
	put(call, &value, sizeof(value));
}

void p9_put16(struct p9_call *call, uint16_t value)
{
	put(call, &value, sizeof(value));
}

void p9_put32(struct p9_call *call, uint32_t value)
{
	put(call, &value, sizeof(value));
}

void p9_put64(struct p9_call *call, uint64_t value)
{
	put(call, &value, sizeof(value));
}

void p9_put_string(struct p9_call *call, const char *s, size_t len)
{
	p9_put16(call, (uint16_t)len);
	put(call, s, len);
	call->bad |= len > UINT16_MAX;
}

/* ---- the answer ---- */

static void get(struct p9_call *call, void *to, size_t len)
{
	if (call->bad || len > call->end - call->at) {
		call->bad = true;
		memset(to, 0, len);
		return;
	}
	memcpy(to, p9_answer(call) + call->at, len);
	call->at += len;
}

uint8_t p9_get8(struct p9_call *call)
{
	uint8_t value;

	get(call, &value, sizeof(value));
	return value;
}

uint16_t p9_get16(struct p9_call *call)
{
	uint16_t value;

	get(call, &value, sizeof(value));
	return value;
}

uint32_t p9_get32(struct p9_call *call)
{
	uint32_t value;

	get(call, &value, sizeof(value));
	return value;
}

uint64_t p9_get64(struct p9_call *call)
{
	uint64_t value;

	get(call, &value, sizeof(value));
	return value;
}

const char *p9_get_string(struct p9_call *call, size_t *len)
{
	const char *s = (const char *)p9_answer(call) + call->at + 2;

	*len = p9_get16(call);
	if (call->bad || *len > call->end - call->at) {
		call->bad = true;
		*len = 0;
		return "";
	}
	call->at += *len;
	return s;
}

struct p9_qid p9_get_qid(struct p9_call *call)
{
	struct p9_qid qid;

	qid.type = p9_get8(call);
	qid.version = p9_get32(call);
	qid.path = p9_get64(call);
	return qid;
}
