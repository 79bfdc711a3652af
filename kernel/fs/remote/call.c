/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages to a file server: slots, buffers, sending, waiting. See call.h.
 *
 * A call's memory is the device's until it has answered, whoever has lost interest meanwhile; its slot is free then.
 */
#include "call.h"

#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define END_WAIT_NS (2 * NSEC_PER_SEC)

int remote_offence(struct remote_client *client, const char *what)
{
	remote_channel_offence(client->channel, what);
	return -EIO;
}

/* ---- calls that are free ---- */

static struct remote_call *call_create(struct remote_client *client, uint16_t slot)
{
	struct remote_call *call = heap_zalloc(client->wire->call_size);

	if (!call)
		return NULL;
	call->buffers = page_alloc(2);
	if (!call->buffers) {
		heap_free(call);
		return NULL;
	}
	_Static_assert(2 * REMOTE_BUFFER == PAGE_SIZE << 2, "two buffers are one block");
	call->client = client;
	call->slot = slot;
	wait_queue_init(&call->wait);
	return call;
}

static bool has_free_call(void *arg)
{
	return atomic_load(&((struct remote_client *)arg)->calls_busy) != UINT32_MAX;
}

/* One that was free, or -1. */
static int take_slot(struct remote_client *client)
{
	unsigned long flags = spin_lock(&client->lock);
	int slot = ~client->calls_busy ? __builtin_ctz(~client->calls_busy) : -1;

	if (slot >= 0)
		client->calls_busy |= UINT32_C(1) << slot;
	spin_unlock(&client->lock, flags);
	return slot;
}

static void free_slot(struct remote_client *client, unsigned slot)
{
	unsigned long flags = spin_lock(&client->lock);

	client->calls_busy &= ~(UINT32_C(1) << slot);
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

static int call_begin(struct remote_client *client, uint32_t type, bool must, struct remote_call **out)
{
	struct remote_call *call;
	int slot, err;

	while ((slot = take_slot(client)) < 0) {
		err = wait_for(&client->free, has_free_call, client, must);
		if (err)
			return err;
	}
	if (!client->calls[slot])
		client->calls[slot] = call_create(client, (uint16_t)slot);
	call = client->calls[slot];
	if (!call) {
		free_slot(client, (unsigned)slot);
		return -ENOMEM;
	}
	call->type = type;
	call->must = must;
	call->unanswered = call->finished = call->bad = false;
	call->request.urgent = false;
	call->err = 0;
	call->refs = 1;
	call->sent = client->wire->header;
	call->split = 0;
	call->page_count = call->page_bytes = 0;
	call->pages_out = false;
	if (client->wire->begin)
		client->wire->begin(call);
	*out = call;
	return 0;
}

int remote_call_begin(struct remote_client *client, uint32_t type, struct remote_call **out)
{
	return call_begin(client, type, false, out);
}

int remote_call_begin_must(struct remote_client *client, uint32_t type, struct remote_call **out)
{
	return call_begin(client, type, true, out);
}

/* ---- the message ---- */

void remote_call_pages(struct remote_call *call, struct page *const *pages, uint32_t bytes, bool out)
{
	call->page_count = (unsigned)(align_up((size_t)bytes, PAGE_SIZE) / PAGE_SIZE);
	call->page_bytes = bytes;
	call->pages_out = out;
	assert(call->page_count <= REMOTE_IO_PAGES);
	for (unsigned i = 0; i < call->page_count; i++)
		call->pages[i] = page_get(pages[i]);
}

/* Adjacent frames are one span. @return how many there are */
static unsigned add_page_spans(struct remote_call *call, unsigned n)
{
	unsigned first = n;

	for (unsigned i = 0; i < call->page_count; i++) {
		uint8_t *base = page_virt(call->pages[i]);
		uint32_t len = (uint32_t)min((size_t)call->page_bytes - i * PAGE_SIZE, (size_t)PAGE_SIZE);

		if (n > first && (uint8_t *)call->spans[n - 1].base + call->spans[n - 1].len == base)
			call->spans[n - 1].len += len;
		else
			call->spans[n++] = (struct remote_span){ base, len };
	}
	return n;
}

/* The message, in one piece or two. */
static unsigned add_message_spans(struct remote_call *call)
{
	uint8_t *message = remote_sent(call);
	unsigned n = 0;

	if (call->split)
		call->spans[n++] = (struct remote_span){ message, (uint32_t)call->split };
	call->spans[n++] = (struct remote_span){ message + call->split, (uint32_t)(call->sent - call->split) };
	return n;
}

/* -EMSGSIZE: it does not fit; -ENOBUFS: its pages are too scattered. */
static int finish_message(struct remote_call *call)
{
	const struct remote_wire *wire = call->client->wire;
	uint32_t size = (uint32_t)call->sent + (call->pages_out ? call->page_bytes : 0);
	unsigned n = add_message_spans(call);
	int err;

	if (call->bad || size > call->client->message_max)
		return -EMSGSIZE;
	err = wire->seal(call, size);
	if (err)
		return err;
	if (call->pages_out)
		n = add_page_spans(call, n);
	call->request.out = n;
	if (!call->unanswered)
		call->spans[n++] = (struct remote_span){ remote_answer(call),
							 remote_fills_pages(call) ? wire->pages_head : REMOTE_BUFFER };
	if (remote_fills_pages(call))
		n = add_page_spans(call, n);
	call->request.in = n - call->request.out;
	call->request.spans = call->spans;
	return n > call->client->channel->max_spans ? -ENOBUFS : 0;
}

/* ---- on their way ---- */

void remote_call_release(struct remote_call *call)
{
	struct remote_client *client = call->client;

	if (atomic_fetch_sub(&call->refs, 1) != 1)
		return;
	for (unsigned i = 0; i < call->page_count; i++)
		page_put(call->pages[i]);
	call->page_count = 0;
	free_slot(client, call->slot);
}

static unsigned *pool_of(struct remote_client *client, bool urgent)
{
	return urgent ? &client->urgent_free : &client->spans_free;
}

void remote_spans_give(struct remote_client *client, unsigned count, bool urgent)
{
	unsigned long flags = spin_lock(&client->lock);

	*pool_of(client, urgent) += count;
	wake_all(&client->free);
	spin_unlock(&client->lock, flags);
}

bool remote_spans_take(struct remote_client *client, unsigned count, bool urgent)
{
	unsigned long flags = spin_lock(&client->lock);
	bool enough = *pool_of(client, urgent) >= count;

	if (enough)
		*pool_of(client, urgent) -= count;
	spin_unlock(&client->lock, flags);
	return enough;
}

static bool has_spans(void *arg)
{
	struct remote_call *call = arg;

	return atomic_load(pool_of(call->client, call->request.urgent)) >= call->spans_taken;
}

#define RECORDED 256 /* bytes of an answer */

/*
 * "p9.record", "fuse.record" on the command line: what servers answer is told, for seeds (virtio_9p.record and
 * virtio_fs.record in harnesses/fuzz/test).
 */
static void record(const struct remote_call *call, uint32_t len)
{
	uint32_t head = remote_fills_pages(call) ? call->client->wire->pages_head : REMOTE_BUFFER;
	char hex[2 * RECORDED + 1];

	for (uint32_t i = 0; i < min(len, (uint32_t)RECORDED); i++) {
		const uint8_t *at = i < head ? remote_answer(call) + i
					     : (uint8_t *)page_virt(call->pages[0]) + (i - head);

		format(hex + 2 * i, 3, "%02x", *at);
	}
	log_info("%s answer %s", call->client->wire->name, len ? hex : "");
}

/* Interrupt. */
static void call_done(struct remote_request *request, int err, uint32_t len)
{
	struct remote_call *call = container_of(request, struct remote_call, request);
	struct remote_client *client = call->client;

	if (unlikely(client->recording) && !err && !call->unanswered)
		record(call, len);
	remote_spans_give(client, call->spans_taken, request->urgent);
	call->err = err;
	call->len = len;
	if (client->wire->done)
		client->wire->done(call);
	atomic_store(&call->finished, true);
	wake_all(&call->wait);
	remote_call_release(call);
}

static int send(struct remote_call *call)
{
	struct remote_client *client = call->client;
	int err = finish_message(call);

	call->spans_taken = call->request.out + call->request.in;
	while (!err && !remote_spans_take(client, call->spans_taken, call->request.urgent))
		err = wait_for(&client->free, has_spans, call, call->must);
	if (err)
		return err;
	call->request.done = call_done;
	atomic_fetch_add(&call->refs, 1);
	err = remote_channel_submit(client->channel, &call->request);
	if (err) {
		remote_spans_give(client, call->spans_taken, call->request.urgent);
		remote_call_release(call);
	}
	return err;
}

int remote_call_send(struct remote_call *call)
{
	struct remote_client *client = call->client;
	int err = send(call);

	if (!err)
		remote_channel_poll(client->channel);
	remote_call_release(call);
	return err;
}

static bool is_finished(void *arg)
{
	return atomic_load(&((struct remote_call *)arg)->finished);
}

int remote_call_run(struct remote_call *call)
{
	const struct remote_wire *wire = call->client->wire;
	int err = send(call);

	if (err)
		return err;
	remote_channel_poll(call->client->channel);
	err = wait_for(&call->wait, is_finished, call, call->must);
	if (err) {
		if (wire->killed)
			wire->killed(call);
		return err;
	}
	return call->err ? call->err : wire->check(call);
}

int remote_call_end(struct remote_call *call, int err)
{
	if (!err && call->bad)
		err = remote_offence(call->client, "an answer that ends too soon");
	remote_call_release(call);
	return err;
}

int remote_call_transfer(struct remote_call *call, struct page *const *pages, uint32_t *bytes, bool out)
{
	struct remote_client *client = call->client;
	uint32_t moved = 0;
	int err;

	remote_call_pages(call, pages, *bytes, out);
	err = remote_call_run(call);
	if (!err)
		moved = out ? remote_get32(call) : call->page_bytes;
	err = remote_call_end(call, err);
	if (!err && moved > *bytes)
		err = remote_offence(client, "more bytes written than it was given");
	*bytes = moved;
	return err;
}

int remote_call_end_link(struct remote_call *call, int err, const char *text, size_t len, char **target)
{
	struct remote_client *client = call->client;
	char *copy = err ? NULL : heap_alloc(len + 1);

	if (copy) {
		memcpy(copy, text, len);
		copy[len] = 0;
	}
	err = remote_call_end(call, err || copy ? err : -ENOMEM);
	if (!err && (!len || len >= PATH_MAX || strlen(copy) != len))
		err = remote_offence(client, "a link's text that is none");
	if (err)
		heap_free(copy);
	else
		*target = copy;
	return err;
}

/* ---- life ---- */

int remote_client_begin(struct remote_client *client, const char *kind, const char *tag)
{
	int err;

	spin_init(&client->lock);
	wait_queue_init(&client->free);
	err = remote_channel_take(kind, tag, &client->channel);
	if (err)
		return err;
	client->spans_free = client->channel->room;
	client->urgent_free = client->channel->urgent_room;
	return 0;
}

static bool is_quiet(void *arg)
{
	return !atomic_load(&((struct remote_client *)arg)->calls_busy);
}

/* A server that keeps what it was asked keeps our memory too: it is reset. */
void remote_client_settle(struct remote_client *client)
{
	unsigned long flags;

	if (wait_until(&client->free, is_quiet, client, clock_ns() + END_WAIT_NS) && !is_quiet(client)) {
		remote_offence(client, "no answer at the end");
		wait_for_work(&client->free, is_quiet, client);
	}
	flags = spin_lock(&client->lock);
	spin_unlock(&client->lock, flags);
}

void remote_client_end(struct remote_client *client)
{
	remote_client_settle(client);
	remote_channel_release(client->channel);
	for (unsigned i = 0; i < REMOTE_CALLS; i++) {
		if (!client->calls[i])
			continue;
		page_free(client->calls[i]->buffers, 2);
		heap_free(client->calls[i]);
	}
}
