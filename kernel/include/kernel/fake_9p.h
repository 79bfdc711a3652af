/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A 9P server in memory behind a fake virtio device (kernel/fake.h): honest by itself, so that a client gets far; what
 * its owner's hook says of each answer is what becomes of it.
 */
#pragma once

#include <kernel/fake.h>
#include <kernel/page.h>

#define FAKE_9P_NODES 24
#define FAKE_9P_FIDS 128
#define FAKE_9P_DATA (3 * 4096)
#define FAKE_9P_ANSWER (16 * KIB)
#define FAKE_9P_HOOK 512
#define FAKE_9P_NAME 32
#define FAKE_9P_TAG "fake"

/* What becomes of an answer. */
enum fake_9p_fate {
	FAKE_9P_ANSWERED,
	FAKE_9P_WITHHELD,	/* the client waits */
	FAKE_9P_TWICE,		/* the same chain is used again */
};

struct fake_9p {
	/*
	 * What is large, and of which little is used: it may be a marked area (kernel/snapshot.h) of FAKE_9P_MARKED
	 * bytes.
	 * The hook may write to the first FAKE_9P_HOOK bytes of an answer, and as far as it is long.
	 */
	uint8_t content[FAKE_9P_NODES][FAKE_9P_DATA] __attribute__((aligned(PAGE_SIZE)));
	uint8_t answer[FAKE_9P_ANSWER];
	uint8_t message[FAKE_9P_ANSWER];
	struct fake_virtio virtio;	/* its config, features and queue_max[0] are set by fake_9p_init() */
	struct fake_9p_node {
		bool used;
		uint8_t parent;
		unsigned links;
		uint32_t mode, uid, gid;
		uint64_t size, version;
		char name[FAKE_9P_NAME];
		uint8_t *data;		/* FAKE_9P_DATA bytes: content, or the text of a link */
	} nodes[FAKE_9P_NODES];		/* the first is the root */
	struct fake_9p_fid {
		uint32_t number;	/* 0: free */
		uint8_t node;
		bool open;
	} fids[FAKE_9P_FIDS];
	/*
	 * Called with each answer before it is given, whose bytes it may change; *used is what the device will say that
	 * it wrote. May run with interrupts off. NULL: all are given.
	 */
	enum fake_9p_fate (*hook)(struct fake_9p *fake, uint8_t type, uint8_t *answer, uint32_t *len, uint32_t *used);
	void *hook_data;
	struct fake_chain withheld[8];
	unsigned withheld_count;
	unsigned asked[128];		/* how many messages of each type there were */
};
#define FAKE_9P_MARKED offsetof(struct fake_9p, virtio)

/* A server with a root that holds: file "f" of 10000 bytes, byte n being n % 251; directory "d"; link "l" to "f". */
void fake_9p_init(struct fake_9p *fake);
/* Offers it to the drivers; to be detached with fake_virtio_detach(&fake->virtio). */
int fake_9p_attach(struct fake_9p *fake);
/* The node of that name in the root directory; NULL. */
struct fake_9p_node *fake_9p_find(struct fake_9p *fake, const char *name);
/* Gives a chain that was withheld back, with these bytes. */
void fake_9p_release(struct fake_9p *fake, unsigned n, const uint8_t *answer, uint32_t len);
