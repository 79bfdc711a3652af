/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bus that xenstore is: devices are found below "device", by type and number; each knows where its backend's half
 * is, and both tell how far they are by "state".
 */
#include <kernel/xen.h>

#include <kernel/atomic.h>
#include <kernel/boot.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/page.h>
#include <kernel/parse.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#define NAMES 512 /* bytes of a list of names */
#define BACKEND_NS (10 * NSEC_PER_SEC)

LINKSET_DECLARE(xen_driver);

static struct mutex lock = MUTEX_INIT(lock);
static struct list xen_devices = LIST_INIT(xen_devices);
/* Where who waits for a backend is told of changes. */
static struct wait_queue changes = WAIT_QUEUE_INIT(changes);
static unsigned change_count;

/* ---- keys ---- */

static bool join(char path[XENSTORE_PATH], const char *folder, const char *key)
{
	size_t above = strlen(folder), below = strlen(key);

	if (above + 1 + below >= XENSTORE_PATH)
		return false;
	memcpy(path, folder, above);
	path[above] = '/';
	memcpy(path + above + 1, key, below + 1);
	return true;
}

ssize_t xen_backend_read(struct xen_device *xen, const char *key, char *text, size_t size)
{
	char path[XENSTORE_PATH];

	return join(path, xen->backend, key) ? xenstore_read(xen->store, path, text, size) : -EINVAL;
}

ssize_t xen_front_read(struct xen_device *xen, const char *key, char *text, size_t size)
{
	char path[XENSTORE_PATH];

	return join(path, xen->path, key) ? xenstore_read(xen->store, path, text, size) : -EINVAL;
}

uint64_t xen_backend_number(struct xen_device *xen, const char *key, uint64_t fallback)
{
	char text[24];
	uint64_t number;

	return xen_backend_read(xen, key, text, sizeof(text)) > 0 && !parse_u64(text, 10, &number) ? number : fallback;
}

int xen_front_write(struct xen_device *xen, const char *key, uint64_t number)
{
	char path[XENSTORE_PATH], text[24];

	format(text, sizeof(text), "%lu", number);
	return join(path, xen->path, key) ? xenstore_write(xen->store, path, text) : -EINVAL;
}

int xen_set_state(struct xen_device *xen, enum xen_state state)
{
	return xen_front_write(xen, "state", state);
}

/* ---- the backend's state ---- */

struct wanted {
	unsigned seen;
};

static bool has_changed(void *arg)
{
	const struct wanted *wanted = arg;

	return atomic_load(&change_count) != wanted->seen;
}

static uint64_t backend_state(struct xen_device *xen)
{
	return xen_backend_number(xen, "state", XEN_STATE_UNKNOWN);
}

int xen_backend_wait(struct xen_device *xen, enum xen_state state)
{
	uint64_t deadline = clock_ns() + BACKEND_NS;

	for (;;) {
		struct wanted wanted = { atomic_load(&change_count) };
		uint64_t now = backend_state(xen);
		int err;

		if (now >= XEN_STATE_CLOSING)
			return -EIO;
		if (now >= state)
			return 0;
		err = wait_until(&changes, has_changed, &wanted, deadline);
		if (err)
			return err;
	}
}

/* A backend that goes takes its device with it. */
static void backend_changed(struct xenstore_watch *watch)
{
	struct xen_device *xen = container_of(watch, struct xen_device, watch);

	atomic_fetch_add(&change_count, 1);
	wake_all(&changes);
	if (atomic_load(&xen->live) && backend_state(xen) != XEN_STATE_CONNECTED)
		xen_break(xen);
}

/* Later, as drivers find offences with their locks held. */
static void tell_of_break(struct timer *timer)
{
	struct xen_device *xen = container_of(timer, struct xen_device, telling);

	if (xen->driver->broken)
		xen->driver->broken(xen);
}

void xen_break(struct xen_device *xen)
{
	if (!atomic_exchange(&xen->broken, true) && atomic_load(&xen->live))
		timer_arm(&xen->telling, clock_ns() + 1);
}

/* ---- what is shared ---- */

void *xen_page_share(struct xen_device *xen, bool read_only, uint32_t *ref)
{
	struct page *page = page_alloc_zeroed(0);

	if (!page)
		return NULL;
	if (!xen->host->grant(xen->host, xen->backend_domain, page_phys(page), read_only, ref))
		return page_virt(page);
	page_free(page, 0);
	return NULL;
}

int xen_page_share_again(struct xen_device *xen, void *page, bool read_only, uint32_t *ref)
{
	if (!page)
		return 0;
	return xen->host->grant(xen->host, xen->backend_domain, page_phys(page_from_virt(page)), read_only, ref);
}

void xen_page_unshare(struct xen_device *xen, void *page, uint32_t ref)
{
	if (page && (!ref || !xen->host->ungrant(xen->host, ref)))
		page_free(page_from_virt(page), 0);
}

int xen_events_open(struct xen_device *xen, irq_handler_t *handler, void *arg)
{
	int err = xen->host->event_open(xen->host, xen->backend_domain, &xen->port);

	if (err)
		return err;
	xen->irq = xen->host->event_bind(xen->host, xen->port, handler, arg);
	if (xen->irq >= 0)
		return xen_front_write(xen, "event-channel", xen->port);
	err = xen->irq;
	xen->irq = 0;
	return err;
}

void xen_events_close(struct xen_device *xen)
{
	if (xen->irq)
		xen->host->event_unbind(xen->host, xen->irq);
	if (xen->port)
		xen->host->event_close(xen->host, xen->port);
	xen->irq = 0;
	xen->port = 0;
}

void xen_notify(struct xen_device *xen)
{
	xen->host->event_send(xen->host, xen->port);
}

/* ---- devices ---- */

static int find_backend(struct xen_device *xen)
{
	char text[16];
	uint64_t domain;

	if (xen_front_read(xen, "backend", xen->backend, sizeof(xen->backend)) <= 0 ||
	    xen_front_read(xen, "backend-id", text, sizeof(text)) <= 0 || parse_u64(text, 10, &domain) ||
	    domain > UINT16_MAX)
		return -EINVAL;
	xen->backend_domain = (uint16_t)domain;
	xen->watch.changed = backend_changed;
	if (!join(xen->watch.path, xen->backend, "state"))
		return -EINVAL;
	return xenstore_watch(xen->store, &xen->watch);
}

static void disconnect(struct xen_device *xen)
{
	atomic_store(&xen->live, false);
	timer_cancel(&xen->telling);
	xenstore_unwatch(xen->store, &xen->watch);
}

static int start(struct xen_device *xen, int (*connect)(struct xen_device *))
{
	int err = find_backend(xen);

	if (err)
		return err;
	err = xen_backend_wait(xen, XEN_STATE_INIT_WAIT);
	if (!err)
		err = connect(xen);
	if (err)
		disconnect(xen);
	else
		atomic_store(&xen->live, true);
	/* Nobody was told of what came before. */
	if (!err && atomic_load(&xen->broken))
		timer_arm(&xen->telling, clock_ns() + 1);
	return err;
}

static void add(const struct xen_host *host, struct xenstore *store, const struct xen_driver *driver, const char *name)
{
	struct xen_device *xen = heap_zalloc(sizeof(*xen));
	int err = -ENOMEM;

	if (!xen)
		goto out;
	xen->host = host;
	xen->store = store;
	xen->driver = driver;
	timer_init(&xen->telling, tell_of_break);
	if (format(xen->path, sizeof(xen->path), "device/%s/%s", driver->type, name) >= sizeof(xen->path)) {
		err = -EINVAL;
		goto out;
	}
	device_add(&xen->device, "xen %s/%s", driver->type, name);
	xen->device.driver = driver->name;
	err = start(xen, driver->probe);
	if (!err) {
		list_append(&xen_devices, &xen->node);
		return;
	}
	device_remove(&xen->device);
out:
	log_warning("xen: device/%s/%.16s does not start: %s", driver->type, name, errno_name(-err) ?: "unknown error");
	heap_free(xen);
}

void xen_scan(const struct xen_host *host, struct xenstore *store)
{
	mutex_lock(&lock);
	LINKSET_FOREACH(xen_driver, const struct xen_driver, driver) {
		char path[32], names[NAMES];
		ssize_t len;

		format(path, sizeof(path), "device/%s", driver->type);
		len = xenstore_list(store, path, names, sizeof(names));
		for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
			add(host, store, driver, names + at);
	}
	mutex_unlock(&lock);
}

static struct xen_device *device_of(const struct xenstore *store)
{
	list_foreach(&xen_devices, struct xen_device, node, xen)
		if (xen->store == store)
			return xen;
	return NULL;
}

void xen_remove_all(struct xenstore *store)
{
	struct xen_device *xen;

	mutex_lock(&lock);
	while ((xen = device_of(store))) {
		list_remove(&xen->node);
		atomic_store(&xen->broken, true);
		disconnect(xen);
		xen->driver->remove(xen);
		device_remove(&xen->device);
		heap_free(xen);
	}
	mutex_unlock(&lock);
}

/* ---- a suspension ---- */

void xen_before_suspension(struct xenstore *store)
{
	mutex_lock(&lock);
	xenstore_pause(store);
}

void xen_in_copy(struct xenstore *store)
{
	list_foreach(&xen_devices, struct xen_device, node, xen) {
		if (xen->store != store)
			continue;
		if (xen->irq)
			xen->host->event_unbind(xen->host, xen->irq);
		xen->irq = 0;
		xen->port = 0;
		xen->away = true;
		xen->driver->lost(xen);
		atomic_store(&xen->live, false);
		/* It was of the other one's backend. */
		list_remove(&xen->watch.node);
	}
	xenstore_forget(store);
}

/* One that does not come back is as one whose backend has gone. */
static void reconnect(struct xen_device *xen)
{
	int err;

	timer_cancel(&xen->telling);
	err = atomic_load(&xen->broken) ? -EIO : start(xen, xen->driver->reconnect);
	if (!err)
		return;
	log_warning("xen: %s is not in this copy of the machine: %s", xen->path, errno_name(-err) ?: "unknown error");
	list_init(&xen->watch.node);
	atomic_store(&xen->broken, false);
	atomic_store(&xen->live, true);
	xen_break(xen);
}

void xen_after_suspension(struct xenstore *store, bool copied)
{
	xenstore_go_on(store, copied);
	if (copied)
		list_foreach(&xen_devices, struct xen_device, node, xen)
			if (xen->store == store)
				reconnect(xen);
	mutex_unlock(&lock);
}

/* The platform's; NULL: it has none. */
static struct xenstore *machine_store;

static void before_suspension(void)
{
	if (machine_store)
		xen_before_suspension(machine_store);
}

static void in_copy(void)
{
	if (machine_store)
		xen_in_copy(machine_store);
}

static void after_suspension(bool copied)
{
	if (machine_store)
		xen_after_suspension(machine_store, copied);
}
SUSPEND_CALL(SUSPEND_BUS, xen, before_suspension, in_copy, after_suspension);

/*
 * A platform's devices stay for good. A harness's machine has none: they do not rewind, nobody runs it but its runner,
 * and a thread that only Xen's has would be asked what it waits for by each input.
 */
static int xen_init(void)
{
	const struct xen_host *host = plat->xen_host ? plat->xen_host() : NULL;
	int err;

	if (!host || clock_is_virtual())
		return 0;
	err = xenstore_open(host, &machine_store);
	if (err)
		log_warning("xen: no devices: %s", errno_name(-err) ?: "unknown error");
	else
		xen_scan(host, machine_store);
	if (!err)
		xen_control_start(machine_store);
	return 0;
}
INIT_CALL(INIT_DEVICE, xen_init);
