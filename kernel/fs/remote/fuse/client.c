/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What FUSE's messages look like: header, names; agreeing on a version; nodes and how they are given back. See
 * client.h.
 */
#include "client.h"

#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/linkset.h>
#include <kernel/string.h>

/* len[4] opcode[4] unique[8] nodeid[8] uid[4] gid[4] pid[4] padding[4]; whose message it is: root's, see names.c */
#define IN_HEADER 40u
/* len[4] error[4] unique[8] */
#define OUT_HEADER 16u

#define MAJOR 7u
#define MINOR 31u
/* Flags of INIT. */
enum {
	ASYNC_READ = 1u << 0,
	BIG_WRITES = 1u << 5,
	DONT_MASK = 1u << 6, /* modes are what they are to be */
	PARALLEL_DIROPS = 1u << 18,
	MAX_PAGES = 1u << 22,
};
#define PAGES_DEFAULT 32u /* that one read has at most where the server does not say */

/* ---- messages ---- */

static struct fuse_call *call_of(struct remote_call *call)
{
	return container_of(call, struct fuse_call, call);
}

static void begin(struct remote_call *call)
{
	call_of(call)->unique = 2 * atomic_fetch_add(&fuse_client_of(call->client)->unique, 1) + 2;
	call_of(call)->node = 0;
}

static int seal(struct remote_call *call, uint32_t size)
{
	const struct fuse_call *fuse = call_of(call);
	uint8_t *message = remote_sent(call);

	memset(message, 0, IN_HEADER);
	memcpy(message, &size, 4);
	memcpy(message + 4, &call->type, 4);
	memcpy(message + 8, &fuse->unique, 8);
	memcpy(message + 16, &fuse->node, 8);
	return 0;
}

static int check(struct remote_call *call)
{
	const uint8_t *answer = remote_answer(call);
	uint64_t unique;
	uint32_t size;
	int32_t error;

	if (call->len < OUT_HEADER)
		return remote_offence(call->client, "an answer without a header");
	memcpy(&size, answer, 4);
	memcpy(&error, answer + 4, 4);
	memcpy(&unique, answer + 8, 8);
	if (size < OUT_HEADER || size > call->len)
		return remote_offence(call->client, "an answer of another size than it says");
	if (unique != call_of(call)->unique)
		return remote_offence(call->client, "an answer to another message");
	if (error > 0 || error < -REMOTE_ERRNO_MAX || (error && size != OUT_HEADER))
		return remote_offence(call->client, "an error that is none");
	call->at = OUT_HEADER;
	call->end = remote_fills_pages(call) ? OUT_HEADER : min(size, (uint32_t)REMOTE_BUFFER);
	if (error)
		return error;
	if (remote_fills_pages(call)) {
		if (size - OUT_HEADER > call->page_bytes)
			return remote_offence(call->client, "more bytes than were asked for");
		call->page_bytes = size - OUT_HEADER;
	}
	return 0;
}

static const struct remote_wire wire = {
	.name = "fuse",
	.call_size = sizeof(struct fuse_call),
	.header = IN_HEADER,
	.pages_head = OUT_HEADER,
	.begin = begin,
	.seal = seal,
	.check = check,
};

int fuse_call_begin(struct remote_fid *fid, uint32_t opcode, struct remote_call **out)
{
	int err = remote_call_begin(fid->client, opcode, out);

	if (!err)
		call_of(*out)->node = fuse_fid_of(fid)->node;
	return err;
}

void fuse_put_name(struct remote_call *call, const char *name, size_t len)
{
	remote_put(call, name, len);
	remote_put8(call, 0);
}

int fuse_run_simple(struct remote_call *call)
{
	return remote_call_end(call, remote_call_run(call));
}

/* ---- nodes ---- */

OBJECT_TYPE(fuse_fid);

struct fuse_fid *fuse_node_create(struct remote_client *client)
{
	struct fuse_fid *node = heap_zalloc(sizeof(*node));

	if (!node)
		return NULL;
	object_count_add(&object_type_fuse_fid, 1);
	node->fid = (struct remote_fid){ client, 1 };
	return node;
}

void fuse_node_abandon(struct fuse_fid *node)
{
	object_count_add(&object_type_fuse_fid, -1);
	heap_free(node);
}

static void forget(const struct fuse_fid *node)
{
	struct remote_call *call;

	if (node->node == FUSE_ROOT || remote_call_begin_must(node->fid.client, FUSE_FORGET, &call))
		return;
	call_of(call)->node = node->node;
	call->request.urgent = call->unanswered = true;
	remote_put64(call, 1); /* lookups */
	remote_call_send(call);
}

/* What the server says to it does not matter: it is closed in any case. */
static void release(const struct fuse_fid *open)
{
	struct remote_call *call;

	if (remote_call_begin_must(open->fid.client, open->directory ? FUSE_RELEASEDIR : FUSE_RELEASE, &call))
		return;
	call_of(call)->node = open->node;
	remote_put64(call, open->handle);
	remote_put32(call, open->flags);
	remote_put32(call, 0); /* release_flags */
	remote_put64(call, 0); /* lock_owner */
	remote_call_send(call);
}

void fuse_fid_free(struct remote_fid *fid)
{
	struct fuse_fid *fuse = fuse_fid_of(fid);

	if (fuse->of) {
		release(fuse);
		remote_fid_put(fuse->of);
	} else {
		forget(fuse);
	}
	fuse_node_abandon(fuse);
}

/* ---- life ---- */

struct init_out {
	uint32_t major, minor, flags, max_write, max_pages;
};

/*
 * major[4] minor[4] max_readahead[4] flags[4], and of the answer max_background[2] congestion_threshold[2] max_write[4]
 * time_gran[4] max_pages[2] map_alignment[2], and more.
 */
static int init(struct remote_client *client, struct init_out *out)
{
	struct remote_call *call;
	int err = remote_call_begin(client, FUSE_INIT, &call);

	if (err)
		return err;
	remote_put32(call, MAJOR);
	remote_put32(call, MINOR);
	remote_put32(call, REMOTE_IO_MAX);
	remote_put32(call, ASYNC_READ | BIG_WRITES | DONT_MASK | PARALLEL_DIROPS | MAX_PAGES);
	err = remote_call_run(call);
	if (!err) {
		out->major = remote_get32(call);
		out->minor = remote_get32(call);
		remote_get32(call);
		out->flags = remote_get32(call);
		remote_get32(call);
		out->max_write = remote_get32(call);
		remote_get32(call);
		out->max_pages = remote_get16(call);
	}
	return remote_call_end(call, err);
}

static int agree(struct remote_client *client)
{
	struct init_out out = { 0 };
	uint32_t pages;
	int err = init(client, &out);

	if (err)
		return err;
	if (out.major != MAJOR || out.minor < MINOR)
		return -EPROTONOSUPPORT;
	pages = out.flags & MAX_PAGES ? out.max_pages : PAGES_DEFAULT;
	if (!pages || out.max_write < PAGE_SIZE)
		return remote_offence(client, "messages that have no room");
	client->io_max = min(min(out.max_write, pages * (uint32_t)PAGE_SIZE), (uint32_t)REMOTE_IO_MAX);
	client->io_max = align_down(client->io_max, (uint32_t)PAGE_SIZE);
	return 0;
}

int fuse_client_create(const char *tag, struct remote_client **out)
{
	struct fuse_client *client = heap_zalloc(sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	client->client.protocol = &fuse_protocol;
	client->client.wire = &wire;
	client->client.keeps_unlinked = true;
	client->client.recording = boot_option("fuse.record", NULL, 0) != -ENOENT;
	client->client.message_max = REMOTE_IO_MAX + REMOTE_BUFFER;
	err = remote_client_begin(&client->client, "virtiofs", tag);
	if (err) {
		heap_free(client);
		return err;
	}
	err = agree(&client->client);
	if (err)
		fuse_client_destroy(&client->client);
	else
		*out = &client->client;
	return err;
}

/* After DESTROY the server takes an INIT again. */
void fuse_client_destroy(struct remote_client *client)
{
	struct remote_call *call;

	remote_client_settle(client);
	if (client->io_max && !remote_call_begin_must(client, FUSE_DESTROY, &call))
		remote_call_send(call);
	remote_client_end(client);
	heap_free(fuse_client_of(client));
}
