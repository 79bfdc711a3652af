/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages to a 9P server: tags, buffers, sending, waiting, taking back. See client.h.
 *
 * A call's memory is the device's until it has answered, whoever has lost interest meanwhile: then a flush is sent,
 * and the tag is free when both were answered.
 */
#include "client.h"

#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/log.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define HEADER 7u		/* size[4] type[1] tag[2] */
#define PAGES_HEADER 11u	/* the same and count[4]; an error is as long */
#define FLUSH_TAG(tag) ((uint16_t)((tag) + 0x100))
#define ERRNO_MAX 133
#define END_WAIT_NS (2 * NSEC_PER_SEC)

int p9_offence(struct p9_client *client, const char *what)
{
	p9_channel_offence(client->channel, what);
	return -EIO;
}

/* ---- calls that are free ---- */

static struct p9_call *call_create(struct p9_client *client, uint16_t tag)
{
	struct p9_call *call = heap_zalloc(sizeof(*call));

	if (!call)
		return NULL;
	call->buffers = page_alloc(2);
	if (!call->buffers) {
		heap_free(call);
		return NULL;
	}
	_Static_assert(2 * P9_BUFFER == PAGE_SIZE << 2, "two buffers are one block");
	call->client = client;
	call->tag = tag;
	wait_queue_init(&call->wait);
	return call;
}

static bool has_free_call(void *arg)
{
	return atomic_load(&((struct p9_client *)arg)->calls_busy) != UINT32_MAX;
}

/* A tag that was free, or -1. */
static int take_tag(struct p9_client *client)
{
	unsigned long flags = spin_lock(&client->lock);
	int tag = ~client->calls_busy ? __builtin_ctz(~client->calls_busy) : -1;

	if (tag >= 0)
		client->calls_busy |= UINT32_C(1) << tag;
	spin_unlock(&client->lock, flags);
	return tag;
}

static void free_tag(struct p9_client *client, unsigned tag)
{
	unsigned long flags = spin_lock(&client->lock);

	client->calls_busy &= ~(UINT32_C(1) << tag);
	wake_all(&client->free); /* before the end of the client can see that it was the last */
	spin_unlock(&client->lock, flags);
}

/* As wait_until_killed(), but that what must be is waited for by a killed thread too. */
static int wait_for(struct wait_queue *queue, wait_condition_t *condition, void *arg, bool must)
{
	int err = wait_until_killed(queue, condition, arg);

	if (!err || !must || !atomic_load(&thread_current()->killed))
		return err;
	wait_for_work(queue, condition, arg);
	return 0;
}

static int call_begin(struct p9_client *client, uint8_t type, bool must, struct p9_call **out)
{
	struct p9_call *call;
	int tag, err;

	while ((tag = take_tag(client)) < 0) {
		err = wait_for(&client->free, has_free_call, client, must);
		if (err)
			return err;
	}
	if (!client->calls[tag])
		client->calls[tag] = call_create(client, (uint16_t)tag);
	call = client->calls[tag];
	if (!call) {
		free_tag(client, (unsigned)tag);
		return -ENOMEM;
	}
	call->type = type;
	call->must = must;
	call->finished = call->bad = false;
	call->err = 0;
	call->refs = 1;
	call->clunked = P9_NOFID;
	call->sent = HEADER;
	call->page_count = call->page_bytes = 0;
	call->pages_out = false;
	*out = call;
	return 0;
}

int p9_call_begin(struct p9_client *client, uint8_t type, struct p9_call **out)
{
	return call_begin(client, type, false, out);
}

/* ---- the message ---- */

void p9_call_pages(struct p9_call *call, struct page *const *pages, uint32_t bytes, bool out)
{
	call->page_count = (unsigned)(align_up((size_t)bytes, PAGE_SIZE) / PAGE_SIZE);
	call->page_bytes = bytes;
	call->pages_out = out;
	assert(call->page_count <= P9_IO_PAGES);
	for (unsigned i = 0; i < call->page_count; i++)
		call->pages[i] = page_get(pages[i]);
}

/* Adjacent frames are one span. @return how many there are */
static unsigned add_page_spans(struct p9_call *call, unsigned n)
{
	unsigned first = n;

	for (unsigned i = 0; i < call->page_count; i++) {
		uint8_t *base = page_virt(call->pages[i]);
		uint32_t len = (uint32_t)min((size_t)call->page_bytes - i * PAGE_SIZE, (size_t)PAGE_SIZE);

		if (n > first && (uint8_t *)call->spans[n - 1].base + call->spans[n - 1].len == base)
			call->spans[n - 1].len += len;
		else
			call->spans[n++] = (struct p9_span){ base, len };
	}
	return n;
}

/* -EMSGSIZE: it does not fit; -ENOBUFS: its pages are too scattered. */
static int finish_message(struct p9_call *call)
{
	uint8_t *message = p9_sent(call);
	uint32_t size = (uint32_t)call->sent + (call->pages_out ? call->page_bytes : 0);
	uint16_t tag = call->type == P9_TVERSION ? P9_NOTAG : call->tag;
	unsigned n = 1;

	if (call->bad || size > call->client->msize)
		return -EMSGSIZE;
	memcpy(message, &size, 4);
	message[4] = call->type;
	memcpy(message + 5, &tag, 2);
	call->spans[0] = (struct p9_span){ message, (uint32_t)call->sent };
	if (call->pages_out)
		n = add_page_spans(call, n);
	call->request.out = n;
	call->spans[n++] = (struct p9_span){ p9_answer(call),
					     !call->pages_out && call->page_count ? PAGES_HEADER : P9_BUFFER };
	if (!call->pages_out)
		n = add_page_spans(call, n);
	call->request.in = n - call->request.out;
	call->request.spans = call->spans;
	return n > call->client->channel->max_spans ? -ENOBUFS : 0;
}

/* ---- on their way ---- */

/* A page that the device fills was anything before: nothing of it is kept when it is not filled. */
static void release(struct p9_call *call)
{
	struct p9_client *client = call->client;

	if (atomic_fetch_sub(&call->refs, 1) != 1)
		return;
	for (unsigned i = 0; i < call->page_count; i++)
		page_put(call->pages[i]);
	call->page_count = 0;
	free_tag(client, call->tag);
}

static void give_spans(struct p9_client *client, unsigned count)
{
	unsigned long flags = spin_lock(&client->lock);

	client->spans_free += count;
	wake_all(&client->free);
	spin_unlock(&client->lock, flags);
}

static bool take_spans(struct p9_client *client, unsigned count)
{
	unsigned long flags = spin_lock(&client->lock);
	bool enough = client->spans_free >= count;

	if (enough)
		client->spans_free -= count;
	spin_unlock(&client->lock, flags);
	return enough;
}

static bool has_spans(void *arg)
{
	struct p9_call *call = arg;

	return atomic_load(&call->client->spans_free) >= call->spans_taken;
}

static void fid_number_free(struct p9_client *client, uint32_t number)
{
	unsigned long flags = spin_lock(&client->lock);

	if (client->fid_free_count < array_size(client->fids_free))
		client->fids_free[client->fid_free_count++] = number;
	spin_unlock(&client->lock, flags);
}

/* "p9.record" on the command line: what servers answer is told, for seeds (harnesses/fuzz/test/virtio_9p.record). */
static bool recording;

#define RECORDED 256 /* bytes of an answer */

static void record(const struct p9_call *call, uint32_t len)
{
	uint32_t head = call->page_count && !call->pages_out ? PAGES_HEADER : P9_BUFFER;
	char hex[2 * RECORDED + 1];

	for (uint32_t i = 0; i < min(len, (uint32_t)RECORDED); i++) {
		const uint8_t *at = i < head ? p9_answer(call) + i : (uint8_t *)page_virt(call->pages[0]) + (i - head);

		format(hex + 2 * i, 3, "%02x", *at);
	}
	log_info("9p answer %s", len ? hex : "");
}

/* Interrupt. */
static void call_done(struct p9_request *request, int err, uint32_t len)
{
	struct p9_call *call = container_of(request, struct p9_call, request);

	if (unlikely(recording) && !err)
		record(call, len);
	give_spans(call->client, call->spans_taken);
	if (call->clunked != P9_NOFID)
		fid_number_free(call->client, call->clunked);
	call->err = err;
	call->len = len;
	atomic_store(&call->finished, true);
	wake_all(&call->wait);
	release(call);
}

static void flush_done(struct p9_request *request, int err UNUSED, uint32_t len UNUSED)
{
	struct p9_call *call = container_of(request, struct p9_call, flush);

	give_spans(call->client, 2);
	release(call);
}

/* Its owner is killed and does not wait for an answer, which may be that it has been done. */
static void flush(struct p9_call *call)
{
	uint32_t size = HEADER + 2;
	uint16_t tag = FLUSH_TAG(call->tag);
	uint8_t *message = call->flush_message;

	if (!take_spans(call->client, 2))
		return;
	memcpy(message, &size, 4);
	message[4] = P9_TFLUSH;
	memcpy(message + 5, &tag, 2);
	memcpy(message + HEADER, &call->tag, 2);
	call->flush_spans[0] = (struct p9_span){ message, size };
	call->flush_spans[1] = (struct p9_span){ call->flush_answer, sizeof(call->flush_answer) };
	call->flush = (struct p9_request){ call->flush_spans, 1, 1, flush_done };
	atomic_fetch_add(&call->refs, 1);
	if (p9_channel_submit(call->client->channel, &call->flush))
		flush_done(&call->flush, -EIO, 0);
}

static int send(struct p9_call *call)
{
	struct p9_client *client = call->client;
	int err = finish_message(call);

	call->spans_taken = call->request.out + call->request.in;
	while (!err && !take_spans(client, call->spans_taken))
		err = wait_for(&client->free, has_spans, call, call->must);
	if (err)
		return err;
	call->request.done = call_done;
	atomic_fetch_add(&call->refs, 1);
	err = p9_channel_submit(client->channel, &call->request);
	if (err) {
		give_spans(client, call->spans_taken);
		release(call);
	}
	return err;
}

static bool is_finished(void *arg)
{
	return atomic_load(&((struct p9_call *)arg)->finished);
}

/* ---- the answer ---- */

static int check_error(struct p9_call *call)
{
	uint32_t code = p9_get32(call);

	if (call->bad || code == 0 || code > ERRNO_MAX)
		return p9_offence(call->client, "an error that is none");
	return -(int)code;
}

/* Its header is what it must be; what follows is what the pages hold, where the call has some. */
static int check_answer(struct p9_call *call)
{
	const uint8_t *answer = p9_answer(call);
	uint32_t size;
	uint16_t tag;

	if (call->len < HEADER)
		return p9_offence(call->client, "an answer without a header");
	memcpy(&size, answer, 4);
	memcpy(&tag, answer + 5, 2);
	if (size < HEADER || size > call->len)
		return p9_offence(call->client, "an answer of another size than it says");
	if (tag != (call->type == P9_TVERSION ? P9_NOTAG : call->tag))
		return p9_offence(call->client, "an answer to another message");
	call->at = HEADER;
	call->end = min(size, !call->pages_out && call->page_count ? PAGES_HEADER : (uint32_t)P9_BUFFER);
	if (answer[4] == P9_RLERROR)
		return check_error(call);
	if (answer[4] != call->type + 1)
		return p9_offence(call->client, "an answer of another type");
	if (call->page_count && !call->pages_out) {
		uint32_t count;

		memcpy(&count, answer + HEADER, 4);
		if (size < PAGES_HEADER || count > call->page_bytes || size - PAGES_HEADER != count)
			return p9_offence(call->client, "more bytes than were asked for, or fewer than it says");
		call->page_bytes = count;
	}
	return 0;
}

int p9_call_run(struct p9_call *call)
{
	int err = send(call);

	if (err)
		return err;
	p9_channel_poll(call->client->channel);
	err = wait_for(&call->wait, is_finished, call, call->must);
	if (err) {
		flush(call);
		return err;
	}
	return call->err ? call->err : check_answer(call);
}

int p9_call_end(struct p9_call *call, int err)
{
	if (!err && call->bad)
		err = p9_offence(call->client, "an answer that ends too soon");
	release(call);
	return err;
}

/* ---- fids ---- */

OBJECT_TYPE(p9_fid);

struct p9_fid *p9_fid_create(struct p9_client *client)
{
	struct p9_fid *fid = heap_alloc(sizeof(*fid));
	unsigned long flags;

	if (!fid)
		return NULL;
	object_count_add(&object_type_p9_fid, 1);
	flags = spin_lock(&client->lock);
	fid->client = client;
	fid->refs = 1;
	fid->number = client->fid_free_count ? client->fids_free[--client->fid_free_count] : client->fid_next++;
	spin_unlock(&client->lock, flags);
	return fid;
}

/* After -EINTR the server may know the number or not: it is not used again. */
void p9_fid_abandon(struct p9_fid *fid, int err)
{
	object_count_add(&object_type_p9_fid, -1);
	if (err != -EINTR)
		fid_number_free(fid->client, fid->number);
	heap_free(fid);
}

struct p9_fid *p9_fid_get(struct p9_fid *fid)
{
	atomic_fetch_add(&fid->refs, 1);
	return fid;
}

/* What the server says to it does not matter: by the protocol the fid is gone in any case. */
void p9_fid_put(struct p9_fid *fid)
{
	struct p9_call *call;

	if (!fid || atomic_fetch_sub(&fid->refs, 1) != 1)
		return;
	object_count_add(&object_type_p9_fid, -1);
	if (!call_begin(fid->client, P9_TCLUNK, true, &call)) {
		p9_put32(call, fid->number);
		call->clunked = fid->number;
		if (send(call))
			call->clunked = P9_NOFID;
		else
			p9_channel_poll(fid->client->channel);
		release(call);
	}
	heap_free(fid);
}

/* ---- life ---- */

static int agree(struct p9_client *client)
{
	static const char version[] = "9P2000.L";
	struct p9_call *call;
	const char *answer;
	uint32_t msize = 0;
	bool same = false;
	size_t len;
	int err = p9_call_begin(client, P9_TVERSION, &call);

	if (err)
		return err;
	p9_put32(call, client->msize);
	p9_put_string(call, version, sizeof(version) - 1);
	err = p9_call_run(call);
	if (!err) {
		msize = p9_get32(call);
		answer = p9_get_string(call, &len);
		same = len == sizeof(version) - 1 && !memcmp(answer, version, len);
	}
	err = p9_call_end(call, err);
	if (err)
		return err;
	if (!same)
		return -EPROTONOSUPPORT;
	if (msize < P9_MSIZE_MIN || msize > client->msize)
		return p9_offence(client, "a message size that was not offered");
	client->msize = msize;
	return 0;
}

int p9_client_create(const char *tag, uint32_t msize, struct p9_client **out)
{
	struct p9_client *client = heap_zalloc(sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	recording = boot_option("p9.record", NULL, 0) != -ENOENT;
	spin_init(&client->lock);
	wait_queue_init(&client->free);
	client->msize = msize;
	client->fid_next = 1;
	err = p9_channel_take(tag, &client->channel);
	if (err) {
		heap_free(client);
		return err;
	}
	client->spans_free = client->channel->room;
	err = agree(client);
	if (err)
		p9_client_destroy(client);
	else
		*out = client;
	return err;
}

static bool is_quiet(void *arg)
{
	return !atomic_load(&((struct p9_client *)arg)->calls_busy);
}

/* A server that keeps what it was asked keeps our memory too: it is reset. */
void p9_client_destroy(struct p9_client *client)
{
	unsigned long flags;

	if (wait_until(&client->free, is_quiet, client, clock_ns() + END_WAIT_NS) && !is_quiet(client)) {
		p9_offence(client, "no answer at the end");
		wait_for_work(&client->free, is_quiet, client);
	}
	flags = spin_lock(&client->lock);
	spin_unlock(&client->lock, flags);
	p9_channel_release(client->channel);
	for (unsigned i = 0; i < P9_CALLS; i++) {
		if (!client->calls[i])
			continue;
		page_free(client->calls[i]->buffers, 2);
		heap_free(client->calls[i]);
	}
	heap_free(client);
}
