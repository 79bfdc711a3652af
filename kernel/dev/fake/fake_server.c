/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake file server's nodes and its device: see kernel/fake_server.h. It answers while the driver rings the bell, so
 * that who asks finds the answer when he looks for the first time.
 */
#include "fake_server_internal.h"

#include <kernel/abi/stat.h>
#include <kernel/errno.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

/* ---- the wire ---- */

uint64_t wire_take(struct wire *w, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++, w->at++)
		if (w->at < w->len)
			value |= (uint64_t)w->bytes[w->at] << 8 * i;
	return value;
}

void wire_give(struct wire *w, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes && w->at < FAKE_SERVER_ANSWER; i++)
		w->bytes[w->at++] = (uint8_t)(value >> 8 * i);
}

void wire_give_bytes(struct wire *w, const void *bytes, uint32_t len)
{
	len = min(len, (uint32_t)FAKE_SERVER_ANSWER - w->at);
	memcpy(w->bytes + w->at, bytes, len);
	w->at += len;
}

/* ---- nodes ---- */

uint8_t fake_server_number(const struct fake_server *fake, const struct fake_server_node *node)
{
	return (uint8_t)(node - fake->nodes);
}

struct fake_server_node *fake_server_child(struct fake_server *fake, const struct fake_server_node *dir,
					   const char *name)
{
	for (unsigned i = 1; i < FAKE_SERVER_NODES; i++) {
		struct fake_server_node *node = &fake->nodes[i];

		if (node->used && node->parent == fake_server_number(fake, dir) && !strcmp(node->name, name))
			return node;
	}
	return NULL;
}

struct fake_server_node *fake_server_find(struct fake_server *fake, const char *name)
{
	return fake_server_child(fake, &fake->nodes[0], name);
}

void fake_server_discard(struct fake_server_node *node)
{
	size_t len = min((size_t)node->size, (size_t)FAKE_SERVER_DATA);

	if (len) {
		snapshot_mark(node->data, len);
		memset(node->data, 0, len);
	}
	node->used = false;
	node->size = 0;
}

int fake_server_make(struct fake_server *fake, struct fake_server_node *dir, const char *name, uint32_t mode,
		     uint32_t gid, struct fake_server_node **out)
{
	if (fake_server_child(fake, dir, name))
		return EEXIST;
	for (unsigned i = 1; i < FAKE_SERVER_NODES; i++) {
		struct fake_server_node *node = &fake->nodes[i];

		if (node->used)
			continue;
		node->used = true;
		node->parent = fake_server_number(fake, dir);
		node->links = S_ISDIR(mode) ? 2 : 1;
		node->mode = mode;
		node->uid = 0;
		node->gid = gid;
		node->size = 0;
		node->version = 1;
		node->lookups = 0;
		memcpy(node->name, name, strlen(name) + 1);
		*out = node;
		return 0;
	}
	return ENOSPC;
}

bool fake_server_has_children(const struct fake_server *fake, const struct fake_server_node *dir)
{
	for (unsigned i = 1; i < FAKE_SERVER_NODES; i++)
		if (fake->nodes[i].used && fake->nodes[i].parent == fake_server_number(fake, dir))
			return true;
	return false;
}

void fake_server_set_target(struct fake_server_node *node, const char *target)
{
	node->size = strlen(target);
	snapshot_mark(node->data, FAKE_SERVER_NAME);
	memcpy(node->data, target, (size_t)node->size);
}

int fake_server_resize(struct fake_server_node *node, uint64_t size)
{
	if (size > FAKE_SERVER_DATA)
		return EFBIG;
	snapshot_mark(node->data, FAKE_SERVER_DATA);
	if (size < node->size)
		memset(node->data + size, 0, (size_t)(node->size - size));
	node->size = size;
	node->version++;
	return 0;
}

int fake_server_write(struct fake_server_node *node, uint64_t offset, const uint8_t *bytes, uint32_t *count)
{
	if (offset >= FAKE_SERVER_DATA)
		return ENOSPC;
	*count = (uint32_t)min((uint64_t)*count, FAKE_SERVER_DATA - offset);
	snapshot_mark(node->data + offset, max(*count, 1u));
	memcpy(node->data + offset, bytes, *count);
	node->size = max(node->size, offset + *count);
	node->version++;
	return 0;
}

uint64_t fake_server_held(const struct fake_server *fake)
{
	uint64_t held = 0;

	for (unsigned i = 1; i < FAKE_SERVER_NODES; i++)
		held += fake->nodes[i].used ? fake->nodes[i].lookups : 0;
	for (unsigned i = 0; i < FAKE_SERVER_FIDS; i++)
		held += fake->fids[i].open;
	return held;
}

/* ---- chains ---- */

static uint32_t gather(struct fake_server *fake, const struct fake_chain *chain)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < chain->out; i++) {
		uint32_t part = min(chain->spans[i].len, (uint32_t)sizeof(fake->message) - len);

		snapshot_mark(fake->message + len, max(part, 1u));
		memcpy(fake->message + len, chain->spans[i].base, part);
		len += part;
	}
	return len;
}

static void scatter(const struct fake_chain *chain, const uint8_t *bytes, uint32_t len)
{
	for (unsigned i = chain->out; i < chain->out + chain->in && len; i++) {
		uint32_t part = min(chain->spans[i].len, len);

		memcpy(chain->spans[i].base, bytes, part);
		bytes += part;
		len -= part;
	}
}

static uint32_t room_of(const struct fake_chain *chain)
{
	uint32_t room = 0;

	for (unsigned i = chain->out; i < chain->out + chain->in; i++)
		room += chain->spans[i].len;
	return room;
}

static void answer(struct fake_server *fake, unsigned queue, const struct fake_chain *chain)
{
	uint32_t len = gather(fake, chain), used;
	enum fake_server_fate fate = FAKE_SERVER_ANSWERED;
	unsigned type;

	if (len < fake->protocol->header)
		return;
	type = fake->protocol->type(fake->message);
	fake->asked[type % array_size(fake->asked)]++;
	used = len = min(fake->protocol->serve(fake, len), room_of(chain));
	if (fake->hook && len)
		fate = fake->hook(fake, type, fake->answer, &len, &used);
	if (fate == FAKE_SERVER_WITHHELD) {
		if (fake->withheld_count < array_size(fake->withheld))
			fake->withheld[fake->withheld_count++] = *chain;
		return;
	}
	scatter(chain, fake->answer, min(len, room_of(chain)));
	fake_queue_use(&fake->virtio, queue, chain->head, used);
	if (fate == FAKE_SERVER_TWICE)
		fake_queue_use(&fake->virtio, queue, chain->head, used);
}

void fake_server_release(struct fake_server *fake, unsigned n, const uint8_t *bytes, uint32_t len)
{
	struct fake_chain chain;

	if (n >= fake->withheld_count)
		return;
	chain = fake->withheld[n];
	fake->withheld[n] = fake->withheld[--fake->withheld_count];
	len = min(len, room_of(&chain));
	scatter(&chain, bytes, len);
	fake_queue_use(&fake->virtio, fake->protocol->queue, chain.head, len);
}

static void rung(struct fake_virtio *virtio, unsigned queue)
{
	struct fake_server *fake = container_of(virtio, struct fake_server, virtio);
	struct fake_chain chain;

	while (queue < fake->protocol->queues && fake_queue_next(virtio, queue, &chain))
		answer(fake, queue, &chain);
}

/* ---- life ---- */

void fake_server_init(struct fake_server *fake, const struct fake_protocol *protocol)
{
	struct fake_server_node *node;

	memset(&fake->virtio, 0, sizeof(fake->virtio));
	memset(fake->fids, 0, sizeof(fake->fids));
	memset(fake->asked, 0, sizeof(fake->asked));
	for (unsigned i = 0; i < FAKE_SERVER_NODES; i++) {
		fake->nodes[i].data = fake->content[i];
		fake_server_discard(&fake->nodes[i]);
	}
	fake->nodes[0].used = true;
	fake->nodes[0].mode = S_IFDIR | 0755;
	fake->nodes[0].links = 2;
	fake->hook = NULL;
	fake->withheld_count = 0;
	fake->protocol = protocol;
	fake->virtio.id = protocol->id;
	fake->virtio.features = VIRTIO_BIT(VIRTIO_F_VERSION_1) | protocol->features;
	for (unsigned i = 0; i < protocol->queues; i++)
		fake->virtio.queue_max[i] = 32;
	protocol->set_tag(fake->virtio.config);
	fake->virtio.rung = rung;
	fake_server_make(fake, &fake->nodes[0], "f", S_IFREG | 0644, 0, &node);
	node->size = 10000;
	for (unsigned i = 0; i < node->size; i++)
		node->data[i] = (uint8_t)(i % 251);
	fake_server_make(fake, &fake->nodes[0], "d", S_IFDIR | 0755, 0, &node);
	fake_server_make(fake, &fake->nodes[0], "l", S_IFLNK | 0777, 0, &node);
	node->data[0] = 'f';
	node->size = 1;
}

int fake_server_attach(struct fake_server *fake)
{
	return fake_virtio_add(&fake->virtio);
}
