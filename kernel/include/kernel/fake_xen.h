/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xen for harnesses and unit tests (kernel/dev/fake/fake_xen.c): a xenstore that answers at once, grants, event
 * channels, and the rings of the backends, which are the caller's to serve.
 */
#pragma once

#include <kernel/fake.h>
#include <kernel/xen.h>

#define FAKE_XEN_KEYS 48
#define FAKE_XEN_VALUE 80
#define FAKE_XEN_GRANTS 512
#define FAKE_XEN_PORTS 4	/* the first is xenstore's */
#define FAKE_XEN_WATCHES 4
#define FAKE_XEN_BYTES 6144	/* of requests and of answers that are under way */

struct fake_xen {
	struct xen_host host;
	struct xenstore_ring ring;
	struct xenstore *store;		/* the drivers' */
	size_t key_count;
	struct fake_key {
		size_t len;		/* of the path */
		char path[XENSTORE_PATH], value[FAKE_XEN_VALUE];
	} keys[FAKE_XEN_KEYS];
	struct fake_grant {
		phys_t page;		/* 0: none */
		bool read_only, held;	/* held: the backend does not let go of it */
		uint16_t next_free;	/* 0 ends the list */
	} grants[FAKE_XEN_GRANTS];	/* numbers count from 1 */
	uint16_t first_free, grants_used;	/* those beyond grants_used never were */
	unsigned granted;
	struct fake_port {
		bool open;
		irq_handler_t *handler;
		void *arg;
	} ports[FAKE_XEN_PORTS];
	struct fake_xen_watch {
		char path[XENSTORE_PATH], token[16]; /* "": none */
	} watches[FAKE_XEN_WATCHES];
	uint8_t in[FAKE_XEN_BYTES], out[FAKE_XEN_BYTES];
	size_t in_len, out_len;
	/* What is wrong with xenstore, if not 0: from the n-th request on it is silent; its n-th message is a lie. */
	unsigned until_silent, until_lie;
	uint32_t lie[4];		/* bits of the words of that one's header that are wrong */
	/* The driver has written a key; it rang the backend's bell. NULL: nothing is done. */
	void (*wrote)(struct fake_xen *fake, const char *path, const char *value);
	void (*rung)(struct fake_xen *fake);
	void *data;			/* the caller's */
};

/* Without keys. -ENOMEM. */
int fake_xen_init(struct fake_xen *fake);
/* The drivers' side of xenstore goes, and comes anew: without devices only. -ENOMEM: it is gone. */
int fake_xen_reopen(struct fake_xen *fake);
/* With the keys that the caller has set: finds the devices. */
void fake_xen_scan(struct fake_xen *fake);
/* All devices go. The number of grants that are left: nothing may be granted but what is held. */
unsigned fake_xen_remove(struct fake_xen *fake);
/* The same, and xenstore too. */
unsigned fake_xen_end(struct fake_xen *fake);

/* The machine is a copy from here on: nothing is granted or watched, and no channel is open. Interrupts off. */
void fake_xen_copy(struct fake_xen *fake);

/* Sets a key, and tells who watches it. */
void fake_xen_set(struct fake_xen *fake, const char *path, const char *value);
/* A key goes, and nobody is told. */
void fake_xen_forget(struct fake_xen *fake, const char *path);
/* NULL: there is none. */
const char *fake_xen_get(struct fake_xen *fake, const char *path);
uint64_t fake_xen_number(struct fake_xen *fake, const char *path);
/* What a backend finds behind a grant; NULL: nothing, or nothing that it may write. */
void *fake_xen_page(struct fake_xen *fake, uint64_t ref, bool to_write);
/* An event for the driver: of the channel that it opened last. */
void fake_xen_interrupt(struct fake_xen *fake);
