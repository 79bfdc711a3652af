/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and texts in messages: little-endian, as all machines are that this runs on. See call.h.
 */
#include "call.h"

#include <kernel/string.h>

/* ---- the message ---- */

void remote_put(struct remote_call *call, const void *bytes, size_t len)
{
	if (len > REMOTE_BUFFER - call->sent) {
		call->bad = true;
		return;
	}
	memcpy(remote_sent(call) + call->sent, bytes, len);
	call->sent += len;
}

void remote_put8(struct remote_call *call, uint8_t value)
{
	remote_put(call, &value, sizeof(value));
}

void remote_put16(struct remote_call *call, uint16_t value)
{
	remote_put(call, &value, sizeof(value));
}

void remote_put32(struct remote_call *call, uint32_t value)
{
	remote_put(call, &value, sizeof(value));
}

void remote_put64(struct remote_call *call, uint64_t value)
{
	remote_put(call, &value, sizeof(value));
}

/* ---- the answer ---- */

static void get(struct remote_call *call, void *to, size_t len)
{
	if (call->bad || len > call->end - call->at) {
		call->bad = true;
		memset(to, 0, len);
		return;
	}
	memcpy(to, remote_answer(call) + call->at, len);
	call->at += len;
}

uint8_t remote_get8(struct remote_call *call)
{
	uint8_t value;

	get(call, &value, sizeof(value));
	return value;
}

uint16_t remote_get16(struct remote_call *call)
{
	uint16_t value;

	get(call, &value, sizeof(value));
	return value;
}

uint32_t remote_get32(struct remote_call *call)
{
	uint32_t value;

	get(call, &value, sizeof(value));
	return value;
}

uint64_t remote_get64(struct remote_call *call)
{
	uint64_t value;

	get(call, &value, sizeof(value));
	return value;
}

const char *remote_get_bytes(struct remote_call *call, size_t len)
{
	const char *bytes = (const char *)remote_answer(call) + call->at;

	if (call->bad || len > call->end - call->at) {
		call->bad = true;
		return NULL;
	}
	call->at += len;
	return bytes;
}
