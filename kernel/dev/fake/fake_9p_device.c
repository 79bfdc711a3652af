/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake 9P server's device: see kernel/fake_9p.h. It answers while the driver rings the bell, so that who asks finds
 * the answer when he looks for the first time.
 */
#include "fake_9p_internal.h"

#include <kernel/abi/stat.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

#define HEADER 7u
#define F_MOUNT_TAG 0

/* ---- chains ---- */

static uint32_t gather(struct fake_9p *fake, const struct fake_chain *chain)
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

static void answer(struct fake_9p *fake, const struct fake_chain *chain)
{
	uint32_t len = gather(fake, chain), used;
	enum fake_9p_fate fate = FAKE_9P_ANSWERED;
	uint8_t type;

	if (len < HEADER)
		return;
	type = fake->message[4];
	fake->asked[type % array_size(fake->asked)]++;
	used = len = min(fake_9p_serve(fake, len), room_of(chain));
	if (fake->hook)
		fate = fake->hook(fake, type, fake->answer, &len, &used);
	if (fate == FAKE_9P_WITHHELD) {
		if (fake->withheld_count < array_size(fake->withheld))
			fake->withheld[fake->withheld_count++] = *chain;
		return;
	}
	scatter(chain, fake->answer, min(len, room_of(chain)));
	fake_queue_use(&fake->virtio, 0, chain->head, used);
	if (fate == FAKE_9P_TWICE)
		fake_queue_use(&fake->virtio, 0, chain->head, used);
}

void fake_9p_release(struct fake_9p *fake, unsigned n, const uint8_t *bytes, uint32_t len)
{
	struct fake_chain chain;

	if (n >= fake->withheld_count)
		return;
	chain = fake->withheld[n];
	fake->withheld[n] = fake->withheld[--fake->withheld_count];
	len = min(len, room_of(&chain));
	scatter(&chain, bytes, len);
	fake_queue_use(&fake->virtio, 0, chain.head, len);
}

static void rung(struct fake_virtio *virtio, unsigned queue)
{
	struct fake_9p *fake = container_of(virtio, struct fake_9p, virtio);
	struct fake_chain chain;

	while (queue == 0 && fake_queue_next(virtio, 0, &chain))
		answer(fake, &chain);
}

/* ---- life ---- */

void fake_9p_init(struct fake_9p *fake)
{
	struct fake_9p_node *node;

	memset(&fake->virtio, 0, sizeof(fake->virtio));
	memset(fake->fids, 0, sizeof(fake->fids));
	memset(fake->asked, 0, sizeof(fake->asked));
	for (unsigned i = 0; i < FAKE_9P_NODES; i++) {
		fake->nodes[i].data = fake->content[i];
		fake_9p_discard(&fake->nodes[i]);
	}
	fake->nodes[0].used = true;
	fake->nodes[0].mode = S_IFDIR | 0755;
	fake->nodes[0].links = 2;
	fake->hook = NULL;
	fake->withheld_count = 0;
	fake->virtio.id = VIRTIO_ID_9P;
	fake->virtio.features = VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(F_MOUNT_TAG);
	fake->virtio.queue_max[0] = 32;
	fake->virtio.config[0] = sizeof(FAKE_9P_TAG) - 1;
	memcpy(fake->virtio.config + 2, FAKE_9P_TAG, sizeof(FAKE_9P_TAG) - 1);
	fake->virtio.rung = rung;
	fake_9p_make(fake, &fake->nodes[0], "f", S_IFREG | 0644, 0, &node);
	node->size = 10000;
	for (unsigned i = 0; i < node->size; i++)
		node->data[i] = (uint8_t)(i % 251);
	fake_9p_make(fake, &fake->nodes[0], "d", S_IFDIR | 0755, 0, &node);
	fake_9p_make(fake, &fake->nodes[0], "l", S_IFLNK | 0777, 0, &node);
	node->data[0] = 'f';
	node->size = 1;
}

int fake_9p_attach(struct fake_9p *fake)
{
	return fake_virtio_add(&fake->virtio);
}
