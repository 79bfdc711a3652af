/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xen's devices: two halves of a driver, in this domain and in another, the backend, which share pages and tell each
 * other of changes by event channels. They find each other through xenstore, a small tree of texts that a daemon keeps
 * (docs/misc/xenstore.txt, xen/include/public/io/ in Xen's sources). The platform gives what all of it is made of,
 * struct xen_host; kernel/dev/fake/ has one of its own.
 *
 * Neither backend nor daemon is trusted. What was given to a backend can be taken away only when that lets go of it, so
 * drivers give it pages of their own and copy (xen_page_share()).
 */
#pragma once

#include <kernel/clock.h>
#include <kernel/device.h>
#include <kernel/irq.h>
#include <kernel/list.h>

/* ---- what the platform has ---- */

#define XENSTORE_RING 1024u

/* io/xs_wire.h: requests from us, answers to us. */
struct xenstore_ring {
	char req[XENSTORE_RING], rsp[XENSTORE_RING];
	uint32_t req_cons, req_prod, rsp_cons, rsp_prod;
};

struct xen_host {
	struct xenstore_ring *store;
	uint32_t store_port;
	/* Lets another domain reach a page, by the number *ref. -ENOSPC. */
	int (*grant)(const struct xen_host *host, uint16_t domain, phys_t page, bool read_only, uint32_t *ref);
	/* -EBUSY: the other side has it mapped; it may go on to use it. */
	int (*ungrant)(const struct xen_host *host, uint32_t ref);
	/* A channel that the other domain may bind. */
	int (*event_open)(const struct xen_host *host, uint16_t domain, uint32_t *port);
	void (*event_close)(const struct xen_host *host, uint32_t port);
	void (*event_send)(const struct xen_host *host, uint32_t port);
	/* Has handler(arg) called for events of a port. The result is event_unbind()'s. */
	int (*event_bind)(const struct xen_host *host, uint32_t port, irq_handler_t *handler, void *arg);
	void (*event_unbind)(const struct xen_host *host, int name);
	void *data;
};

/* ---- xenstore: threads only ---- */

struct xenstore;

#define XENSTORE_PATH 128

/* Somebody wants to know of changes at a path and below. */
struct xenstore_watch {
	char path[XENSTORE_PATH];
	/* Something may have changed: once at first, and then after each change. No lock is held. */
	void (*changed)(struct xenstore_watch *watch);
	struct list node;
	uint32_t token;
	bool fired;
};

/* -ENOMEM, -ENODEV: the platform has none. */
int xenstore_open(const struct xen_host *host, struct xenstore **out);
/* Nobody watches any more. */
void xenstore_close(struct xenstore *store);
/*
 * The text at a path, NUL-terminated: its length. -ENOENT; -ENOSPC: longer than size allows; -EIO: the daemon does not
 * answer, or not as it must, and will not be asked again.
 */
ssize_t xenstore_read(struct xenstore *store, const char *path, char *text, size_t size);
int xenstore_write(struct xenstore *store, const char *path, const char *text);
/* The names below a path, each with its NUL: the length of all. */
ssize_t xenstore_list(struct xenstore *store, const char *path, char *names, size_t size);
int xenstore_watch(struct xenstore *store, struct xenstore_watch *watch);
/* Not from changed(). It is called no more. */
void xenstore_unwatch(struct xenstore *store, struct xenstore_watch *watch);
/*
 * Around a suspension of the machine, in one thread: in between nothing is under way, and no changed() runs.
 * xenstore_forget() in a copy at once, interrupts off: its channel is gone; xenstore_go_on() then tells the daemon of
 * all watches that there are.
 */
void xenstore_pause(struct xenstore *store);
void xenstore_forget(struct xenstore *store);
void xenstore_go_on(struct xenstore *store, bool copied);
/* Takes what has come, and calls who watches. The thread "xenstore" does that; for harnesses. */
void xenstore_poll(struct xenstore *store);

/* ---- devices ---- */

/* io/xenbus.h */
enum xen_state {
	XEN_STATE_UNKNOWN,
	XEN_STATE_INITIALISING,
	XEN_STATE_INIT_WAIT,
	XEN_STATE_INITIALISED,
	XEN_STATE_CONNECTED,
	XEN_STATE_CLOSING,
	XEN_STATE_CLOSED,
};

struct xen_driver;

struct xen_device {
	struct device device;
	const struct xen_host *host;
	struct xenstore *store;
	char path[48];			/* of our half: "device/vif/0" */
	char backend[80];		/* of the other one */
	uint16_t backend_domain;
	uint32_t port;			/* of the event channel; 0: none */
	int irq;			/* its handler's name; 0: none */
	bool broken;			/* nothing of the backend is believed any more: atomic */
	bool live;			/* the driver is to be told of that: atomic */
	bool away;			/* in a copy of the machine, not connected yet: the driver gives it nothing */
	struct timer telling;
	struct xenstore_watch watch;	/* for the state of the backend */
	const struct xen_driver *driver;
	void *data;			/* the driver's */
	struct list node;
};

/* Registers with DRIVER(xen, ...). */
struct xen_driver {
	const char *name, *type;	/* "vif" */
	/* Connects it; the backend waits. On an error nothing of it is left but what the bus undoes. */
	int (*probe)(struct xen_device *device);
	void (*remove)(struct xen_device *device);
	/*
	 * In a copy of the machine the channel is gone and nothing is granted any more. lost(), interrupts off, before
	 * anybody else runs: forgets the refs (0: none). Then reconnect() to the backend that waits for the copy; the
	 * driver's pages are still there (xen_page_share_again()). device->away is set by the bus at first, and cleared
	 * by the driver.
	 */
	void (*lost)(struct xen_device *device);
	int (*reconnect)(struct xen_device *device);
	/* The device has become broken. Interrupts off. */
	void (*broken)(struct xen_device *device);
};

/* Finds all devices in a host's store, and their drivers. */
void xen_scan(const struct xen_host *host, struct xenstore *store);
/* All that were found in it go; the store stays. */
void xen_remove_all(struct xenstore *store);
/* Does from now on what the toolstack asks this domain to do. */
void xen_control_start(struct xenstore *store);
/* What the bus does around a suspension, for the devices of a store; for tests. See kernel/suspend.h. */
void xen_before_suspension(struct xenstore *store);
void xen_in_copy(struct xenstore *store);
void xen_after_suspension(struct xenstore *store, bool copied);

/* A key of the backend's as text or number; and of ours. */
ssize_t xen_backend_read(struct xen_device *device, const char *key, char *text, size_t size);
/* fallback: it is not there, or no number. */
uint64_t xen_backend_number(struct xen_device *device, const char *key, uint64_t fallback);
ssize_t xen_front_read(struct xen_device *device, const char *key, char *text, size_t size);
int xen_front_write(struct xen_device *device, const char *key, uint64_t number);
int xen_set_state(struct xen_device *device, enum xen_state state);
/* Waits until the backend has come at least so far. -ETIMEDOUT; -EIO: it has closed. */
int xen_backend_wait(struct xen_device *device, enum xen_state state);

/* A page of zeros that the backend reaches too, by *ref. NULL without memory or grants. */
void *xen_page_share(struct xen_device *device, bool read_only, uint32_t *ref);
/* In a copy of the machine: a page that was shared is so with the new backend; NULL is allowed. 0, -ENOSPC. */
int xen_page_share_again(struct xen_device *device, void *page, bool read_only, uint32_t *ref);
/* One that the backend does not let go of is never used again. NULL is allowed, and ref 0: it is not shared. */
void xen_page_unshare(struct xen_device *device, void *page, uint32_t ref);
/* The device's event channel, told to the backend as "event-channel". */
int xen_events_open(struct xen_device *device, irq_handler_t *handler, void *arg);
void xen_events_close(struct xen_device *device);
void xen_notify(struct xen_device *device);

/* The device did what it must not: from now on it is broken. Any context. */
#define xen_offence(xen, ...)                                                                                          \
	do {                                                                                                           \
		device_offence(&(xen)->device, __VA_ARGS__);                                                           \
		xen_break(xen);                                                                                        \
	} while (0)
void xen_break(struct xen_device *device);
