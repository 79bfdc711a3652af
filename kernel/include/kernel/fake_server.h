/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file server in memory behind a fake virtio device (kernel/fake.h): honest by itself, so that a client gets far;
 * what its owner's hook says of each answer is what becomes of it. It speaks 9P (fake_9p.c) or FUSE (fake_fuse.c).
 */
#pragma once

#include <kernel/fake.h>
#include <kernel/page.h>

#define FAKE_SERVER_NODES 24
#define FAKE_SERVER_FIDS 128
#define FAKE_SERVER_DATA (3 * 4096)
#define FAKE_SERVER_ANSWER (16 * KIB)
#define FAKE_SERVER_HOOK 512
#define FAKE_SERVER_NAME 32
#define FAKE_SERVER_TAG "fake"

/* What becomes of an answer. */
enum fake_server_fate {
	FAKE_SERVER_ANSWERED,
	FAKE_SERVER_WITHHELD,	/* the client waits */
	FAKE_SERVER_TWICE,		/* the same chain is used again */
};

struct fake_server;

/* What it speaks. */
struct fake_protocol {
	uint32_t id;			/* of the device */
	uint64_t features;
	unsigned queue, queues;		/* the one on which messages are answered, by default; and how many there are */
	uint32_t header;		/* bytes that a message has at least */
	unsigned (*type)(const uint8_t *message);
	/* Puts the answer to fake->message, len bytes, into fake->answer. @return its length; 0: there is none */
	uint32_t (*serve)(struct fake_server *fake, uint32_t len);
	/* Says what the tag is, in the device's configuration. */
	void (*set_tag)(uint8_t *config);
};
extern const struct fake_protocol fake_9p, fake_fuse;

struct fake_server {
	/*
	 * What is large, and of which little is used: it may be a marked area (kernel/snapshot.h) of FAKE_SERVER_MARKED
	 * bytes.
	 * The hook may write to the first FAKE_SERVER_HOOK bytes of an answer, and as far as it is long.
	 */
	uint8_t content[FAKE_SERVER_NODES][FAKE_SERVER_DATA] __attribute__((aligned(PAGE_SIZE)));
	uint8_t answer[FAKE_SERVER_ANSWER];
	uint8_t message[FAKE_SERVER_ANSWER];
	struct fake_virtio virtio;	/* its config, features and queue_max are set by fake_server_init() */
	const struct fake_protocol *protocol;
	struct fake_server_node {
		bool used;
		uint8_t parent;
		unsigned links;
		uint64_t lookups;	/* FUSE: that the client has not given back; while there are, it is used */
		uint32_t mode, uid, gid;
		uint64_t size, version;
		char name[FAKE_SERVER_NAME];
		uint8_t *data;		/* FAKE_SERVER_DATA bytes: content, or the text of a link */
	} nodes[FAKE_SERVER_NODES];		/* the first is the root */
	struct fake_server_fid {
		uint32_t number;	/* 0: free. FUSE: of an open file */
		uint8_t node;
		bool open;
	} fids[FAKE_SERVER_FIDS];
	/*
	 * Called with each answer before it is given, whose bytes it may change; *used is what the device will say that
	 * it wrote. May run with interrupts off. NULL: all are given.
	 */
	enum fake_server_fate (*hook)(struct fake_server *fake, unsigned type, uint8_t *answer, uint32_t *len,
				      uint32_t *used);
	void *hook_data;
	struct fake_chain withheld[8];
	unsigned withheld_count;
	unsigned asked[128];		/* how many messages of each type there were */
};
#define FAKE_SERVER_MARKED offsetof(struct fake_server, virtio)

/* A server with a root that holds: file "f" of 10000 bytes, byte n being n % 251; directory "d"; link "l" to "f". */
void fake_server_init(struct fake_server *fake, const struct fake_protocol *protocol);
/* Offers it to the drivers; to be detached with fake_virtio_detach(&fake->virtio). */
int fake_server_attach(struct fake_server *fake);
/* FUSE: lookups that were not given back, the root's aside, and files that are open. */
uint64_t fake_server_held(const struct fake_server *fake);
/* The node of that name in the root directory; NULL. */
struct fake_server_node *fake_server_find(struct fake_server *fake, const char *name);
/* Gives a chain that was withheld back, with these bytes. */
void fake_server_release(struct fake_server *fake, unsigned n, const uint8_t *answer, uint32_t len);
