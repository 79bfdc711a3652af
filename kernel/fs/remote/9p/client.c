/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What 9P's messages look like: header, tags, texts; taking a message back whose owner was killed; fids. See client.h.
 */
#include "client.h"

#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/string.h>

#define HEADER 7u		/* size[4] type[1] tag[2] */
#define PAGES_HEADER 11u	/* the same and count[4]; an error is as long */
#define FLUSH_TAG(tag) ((uint16_t)((tag) + 0x100))

static struct p9_client *client_of(struct remote_client *client)
{
	return container_of(client, struct p9_client, client);
}

static struct p9_call *call_of(struct remote_call *call)
{
	return container_of(call, struct p9_call, call);
}

/* ---- texts and qids ---- */

void p9_put_string(struct remote_call *call, const char *s, size_t len)
{
	remote_put16(call, (uint16_t)len);
	remote_put(call, s, len);
	call->bad |= len > UINT16_MAX;
}

const char *p9_get_string(struct remote_call *call, size_t *len)
{
	const char *s;

	*len = remote_get16(call);
	s = remote_get_bytes(call, *len);
	if (!s)
		*len = 0;
	return s ? s : "";
}

struct p9_qid p9_get_qid(struct remote_call *call)
{
	struct p9_qid qid;

	qid.type = remote_get8(call);
	qid.version = remote_get32(call);
	qid.path = remote_get64(call);
	return qid;
}

/* ---- messages ---- */

static uint16_t tag_of(const struct remote_call *call)
{
	return call->type == P9_TVERSION ? P9_NOTAG : call->slot;
}

static void put_header(uint8_t *message, uint32_t size, uint8_t type, uint16_t tag)
{
	memcpy(message, &size, 4);
	message[4] = type;
	memcpy(message + 5, &tag, 2);
}

static void begin(struct remote_call *call)
{
	call_of(call)->clunked = P9_NOFID;
}

static int seal(struct remote_call *call, uint32_t size)
{
	put_header(remote_sent(call), size, (uint8_t)call->type, tag_of(call));
	return 0;
}

static void fid_number_free(struct p9_client *client, uint32_t number)
{
	unsigned long flags = spin_lock(&client->client.lock);

	if (client->fid_free_count < array_size(client->fids_free))
		client->fids_free[client->fid_free_count++] = number;
	spin_unlock(&client->client.lock, flags);
}

static void done(struct remote_call *call)
{
	if (call_of(call)->clunked != P9_NOFID)
		fid_number_free(client_of(call->client), call_of(call)->clunked);
}

static void flush_done(struct remote_request *request, int err UNUSED, uint32_t len UNUSED)
{
	struct p9_call *call = container_of(request, struct p9_call, flush);

	remote_spans_give(call->call.client, 2, false);
	remote_call_release(&call->call);
}

/* Its owner does not wait for an answer, which may be that it is done. The tag is free when both were answered. */
static void flush(struct remote_call *taken_back)
{
	struct p9_call *call = call_of(taken_back);
	uint8_t *message = call->flush_message;

	if (!remote_spans_take(taken_back->client, 2, false))
		return;
	put_header(message, HEADER + 2, P9_TFLUSH, FLUSH_TAG(taken_back->slot));
	memcpy(message + HEADER, &taken_back->slot, 2);
	call->flush_spans[0] = (struct remote_span){ message, HEADER + 2 };
	call->flush_spans[1] = (struct remote_span){ call->flush_answer, sizeof(call->flush_answer) };
	call->flush = (struct remote_request){ .spans = call->flush_spans, .out = 1, .in = 1, .done = flush_done };
	atomic_fetch_add(&taken_back->refs, 1);
	if (remote_channel_submit(taken_back->client->channel, &call->flush))
		flush_done(&call->flush, -EIO, 0);
}

/* ---- the answer ---- */

static int check_error(struct remote_call *call)
{
	uint32_t code = remote_get32(call);

	if (call->bad || code == 0 || code > REMOTE_ERRNO_MAX)
		return remote_offence(call->client, "an error that is none");
	return -(int)code;
}

static int check(struct remote_call *call)
{
	const uint8_t *answer = remote_answer(call);
	uint32_t size, count;
	uint16_t tag;

	if (call->len < HEADER)
		return remote_offence(call->client, "an answer without a header");
	memcpy(&size, answer, 4);
	memcpy(&tag, answer + 5, 2);
	if (size < HEADER || size > call->len)
		return remote_offence(call->client, "an answer of another size than it says");
	if (tag != tag_of(call))
		return remote_offence(call->client, "an answer to another message");
	call->at = HEADER;
	call->end = min(size, remote_fills_pages(call) ? PAGES_HEADER : (uint32_t)REMOTE_BUFFER);
	if (answer[4] == P9_RLERROR)
		return check_error(call);
	if (answer[4] != call->type + 1)
		return remote_offence(call->client, "an answer of another type");
	if (remote_fills_pages(call)) {
		memcpy(&count, answer + HEADER, 4);
		if (size < PAGES_HEADER || count > call->page_bytes || size - PAGES_HEADER != count)
			return remote_offence(call->client, "more bytes than were asked for, or fewer than it says");
		call->page_bytes = count;
	}
	return 0;
}

const struct remote_wire p9_wire = {
	.name = "9p",
	.call_size = sizeof(struct p9_call),
	.header = HEADER,
	.pages_head = PAGES_HEADER,
	.begin = begin,
	.seal = seal,
	.check = check,
	.killed = flush,
	.done = done,
};

/* ---- fids ---- */

OBJECT_TYPE(p9_fid);

struct p9_fid *p9_fid_create(struct remote_client *c)
{
	struct p9_client *client = client_of(c);
	struct p9_fid *fid = heap_alloc(sizeof(*fid));
	unsigned long flags;

	if (!fid)
		return NULL;
	object_count_add(&object_type_p9_fid, 1);
	flags = spin_lock(&c->lock);
	fid->fid = (struct remote_fid){ c, 1 };
	fid->number = client->fid_free_count ? client->fids_free[--client->fid_free_count] : client->fid_next++;
	spin_unlock(&c->lock, flags);
	return fid;
}

/* After -EINTR the server may know the number or not: it is not used again. */
void p9_fid_abandon(struct p9_fid *fid, int err)
{
	object_count_add(&object_type_p9_fid, -1);
	if (err != -EINTR)
		fid_number_free(client_of(fid->fid.client), fid->number);
	heap_free(fid);
}

/* What the server says to it does not matter: by the protocol the fid is gone in any case. */
void p9_fid_free(struct remote_fid *fid)
{
	struct remote_call *call;

	object_count_add(&object_type_p9_fid, -1);
	if (!remote_call_begin_must(fid->client, P9_TCLUNK, &call)) {
		remote_put32(call, p9_number(fid));
		call_of(call)->clunked = p9_number(fid);
		remote_call_send(call);
	}
	heap_free(container_of(fid, struct p9_fid, fid));
}

/* ---- life ---- */

static int agree(struct remote_client *client)
{
	static const char version[] = "9P2000.L";
	struct remote_call *call;
	const char *answer;
	uint32_t msize = 0;
	bool same = false;
	size_t len;
	int err = remote_call_begin(client, P9_TVERSION, &call);

	if (err)
		return err;
	remote_put32(call, client->message_max);
	p9_put_string(call, version, sizeof(version) - 1);
	err = remote_call_run(call);
	if (!err) {
		msize = remote_get32(call);
		answer = p9_get_string(call, &len);
		same = len == sizeof(version) - 1 && !memcmp(answer, version, len);
	}
	err = remote_call_end(call, err);
	if (err)
		return err;
	if (!same)
		return -EPROTONOSUPPORT;
	if (msize < P9_MSIZE_MIN || msize > client->message_max)
		return remote_offence(client, "a message size that was not offered");
	client->message_max = msize;
	client->io_max = align_down(msize - P9_HEAD, (uint32_t)PAGE_SIZE);
	return 0;
}

int p9_client_create(const char *tag, uint32_t msize, struct remote_client **out)
{
	struct p9_client *client = heap_zalloc(sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	client->client.protocol = &p9_protocol;
	client->client.wire = &p9_wire;
	client->client.recording = boot_option("p9.record", NULL, 0) != -ENOENT;
	client->client.message_max = msize;
	client->fid_next = 1;
	err = remote_client_begin(&client->client, "9p", tag);
	if (err) {
		heap_free(client);
		return err;
	}
	err = agree(&client->client);
	if (err)
		p9_client_destroy(&client->client);
	else
		*out = &client->client;
	return err;
}

void p9_client_destroy(struct remote_client *client)
{
	remote_client_end(client);
	heap_free(client_of(client));
}
