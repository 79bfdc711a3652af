/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xenstore's client: messages through two rings (public/io/xs_wire.h). One request at a time; what comes between it and
 * its answer tells of changes, and is noted at the watch that it is for. The daemon can do no worse than not to answer:
 * lengths are bounded, indices checked, and of its paths nothing is read.
 */
#include <kernel/xen.h>

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/parse.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define PAYLOAD_MAX 4096u
#define ANSWER_NS (5 * NSEC_PER_SEC)

enum message_type {
	TYPE_DIRECTORY = 1,
	TYPE_READ = 2,
	TYPE_WATCH = 4,
	TYPE_UNWATCH = 5,
	TYPE_WRITE = 11,
	TYPE_WATCH_EVENT = 15,
	TYPE_ERROR = 16,
};

struct message {
	uint32_t type, req_id, tx_id, len;
};

struct xenstore {
	const struct xen_host *host;
	struct mutex lock;		/* the rings, the watches, and all below */
	struct mutex calling;		/* held while somebody is told of a change */
	struct wait_queue came;
	struct list watches;
	uint32_t next_request, next_token;
	bool broken;			/* atomic */
	bool closing;			/* atomic */
	bool fired;			/* some watch has */
	int irq;
	struct thread *thread;
};

struct piece {
	const void *data;
	size_t len;
};

/* ---- bytes ---- */

static void event_came(void *arg)
{
	struct xenstore *store = arg;

	wake_all(&store->came);
}

static int break_store(struct xenstore *store, const char *why)
{
	if (!atomic_load(&store->broken))
		log_warning("xenstore: %s", why);
	atomic_store(&store->broken, true);
	return -EIO;
}

static uint32_t bytes_to_read(const struct xenstore *store)
{
	const struct xenstore_ring *ring = store->host->store;

	return atomic_load(&ring->rsp_prod) - atomic_load_relaxed(&ring->rsp_cons);
}

static uint32_t bytes_to_write(const struct xenstore *store)
{
	const struct xenstore_ring *ring = store->host->store;

	return XENSTORE_RING - (atomic_load_relaxed(&ring->req_prod) - atomic_load(&ring->req_cons));
}

static bool can_read(void *arg)
{
	return bytes_to_read(arg) != 0;
}

static bool can_write(void *arg)
{
	return bytes_to_write(arg) != 0;
}

static void ring_bell(struct xenstore *store)
{
	store->host->event_send(store->host, store->host->store_port);
}

static int wait(struct xenstore *store, wait_condition_t *condition)
{
	if (condition(store))
		return 0;
	return wait_until(&store->came, condition, store, clock_ns() + ANSWER_NS)
		       ? break_store(store, "the daemon does not answer")
		       : 0;
}

/* The daemon is told when all of a message is there: an event is a call of the hypervisor; or when there is no room. */
static int put(struct xenstore *store, const void *data, size_t len)
{
	struct xenstore_ring *ring = store->host->store;
	const char *from = data;

	while (len) {
		uint32_t at = ring->req_prod, n;
		int err;

		if (!can_write(store))
			ring_bell(store);
		err = wait(store, can_write);
		if (err)
			return err;
		n = bytes_to_write(store);
		if (n > XENSTORE_RING)
			return break_store(store, "the daemon has read more than there was");
		n = min(min(n, XENSTORE_RING - at % XENSTORE_RING), (uint32_t)len);
		memcpy(ring->req + at % XENSTORE_RING, from, n);
		atomic_store(&ring->req_prod, at + n);
		from += n;
		len -= n;
	}
	return 0;
}

/* data NULL: they are thrown away. The daemon waits for room only where there was none. */
static int get(struct xenstore *store, void *data, size_t len)
{
	struct xenstore_ring *ring = store->host->store;
	char *to = data;

	while (len) {
		int err = wait(store, can_read);
		uint32_t at = ring->rsp_cons, n;

		if (err)
			return err;
		n = bytes_to_read(store);
		if (n > XENSTORE_RING)
			return break_store(store, "the daemon has written more than fits");
		n = min(min(n, XENSTORE_RING - at % XENSTORE_RING), (uint32_t)len);
		if (to)
			memcpy(to, ring->rsp + at % XENSTORE_RING, n);
		atomic_store(&ring->rsp_cons, at + n);
		memory_barrier();
		if (atomic_load(&ring->rsp_prod) - at >= XENSTORE_RING)
			ring_bell(store);
		to += to ? n : 0;
		len -= n;
	}
	return 0;
}

/* ---- messages ---- */

/* "PATH\0TOKEN\0": the token is all that counts. */
static int get_change(struct xenstore *store, uint32_t len)
{
	char text[XENSTORE_PATH + 128];
	const char *token;
	uint64_t number;
	int err;

	if (len > sizeof(text))
		return get(store, NULL, len);
	err = get(store, text, len);
	if (err || !len || text[len - 1])
		return err;
	token = text + strlen(text) + 1;
	if (token >= text + len || parse_u64(token, 10, &number))
		return 0;
	list_foreach(&store->watches, struct xenstore_watch, node, watch)
		if (watch->token == number)
			watch->fired = store->fired = true;
	return 0;
}

/* The header of the next message that tells of no change. */
static int get_header(struct xenstore *store, struct message *header)
{
	for (;;) {
		int err = get(store, header, sizeof(*header));

		if (!err && header->len > PAYLOAD_MAX)
			err = break_store(store, "an answer is too long");
		if (err || header->type != TYPE_WATCH_EVENT)
			return err;
		err = get_change(store, header->len);
		if (err)
			return err;
	}
}

/* What errors are called there. */
static int get_error(struct xenstore *store, uint32_t len)
{
	char name[16] = "";
	int err = len < sizeof(name) ? get(store, name, len) : get(store, NULL, len);

	if (err)
		return err;
	return !strcmp(name, "ENOENT") ? -ENOENT : !strcmp(name, "EACCES") ? -EACCES : -EINVAL;
}

/* The lock is held. Length of the answer, of which at most size bytes are kept; or an error. */
static ssize_t transact_locked(struct xenstore *store, uint32_t type, const struct piece *pieces, size_t count,
			       char *answer, size_t size)
{
	struct message header = { .type = type, .req_id = ++store->next_request };
	uint32_t kept;
	int err;

	if (atomic_load(&store->broken))
		return -EIO;
	for (size_t i = 0; i < count; i++)
		header.len += (uint32_t)pieces[i].len;
	if (header.len > PAYLOAD_MAX)
		return -EINVAL;
	err = put(store, &header, sizeof(header));
	for (size_t i = 0; i < count && !err; i++)
		err = put(store, pieces[i].data, pieces[i].len);
	if (err)
		return err;
	ring_bell(store);
	err = get_header(store, &header);
	if (err)
		return err;
	if (header.req_id != store->next_request || (header.type != type && header.type != TYPE_ERROR))
		return break_store(store, "an answer to what was not asked");
	if (header.type == TYPE_ERROR)
		return get_error(store, header.len);
	kept = (uint32_t)min((size_t)header.len, size);
	err = get(store, answer, kept);
	if (!err)
		err = get(store, NULL, header.len - kept);
	return err ? err : (ssize_t)header.len;
}

static ssize_t transact(struct xenstore *store, uint32_t type, const struct piece *pieces, size_t count, char *answer,
			size_t size)
{
	ssize_t result;
	bool fired;

	mutex_lock(&store->lock);
	result = transact_locked(store, type, pieces, count, answer, size);
	fired = store->fired;
	mutex_unlock(&store->lock);
	if (fired)
		wake_all(&store->came);
	return result;
}

ssize_t xenstore_read(struct xenstore *store, const char *path, char *text, size_t size)
{
	struct piece piece = { path, strlen(path) + 1 };
	ssize_t len = transact(store, TYPE_READ, &piece, 1, text, size - 1);

	if (len < 0)
		return len;
	if ((size_t)len >= size)
		return -ENOSPC;
	text[len] = '\0';
	return len;
}

ssize_t xenstore_list(struct xenstore *store, const char *path, char *names, size_t size)
{
	struct piece piece = { path, strlen(path) + 1 };
	ssize_t len = transact(store, TYPE_DIRECTORY, &piece, 1, names, size);

	if (len > 0 && ((size_t)len > size || names[len - 1]))
		return -ENOSPC;
	return len;
}

int xenstore_write(struct xenstore *store, const char *path, const char *text)
{
	struct piece pieces[] = { { path, strlen(path) + 1 }, { text, strlen(text) } };
	ssize_t len = transact(store, TYPE_WRITE, pieces, 2, NULL, 0);

	return len < 0 ? (int)len : 0;
}

/* ---- watches ---- */

static ssize_t send_watch(struct xenstore *store, uint32_t type, struct xenstore_watch *watch)
{
	char token[12];
	struct piece pieces[] = { { watch->path, strlen(watch->path) + 1 },
				  { token, format(token, sizeof(token), "%u", watch->token) + 1 } };

	return transact_locked(store, type, pieces, 2, NULL, 0);
}

int xenstore_watch(struct xenstore *store, struct xenstore_watch *watch)
{
	ssize_t err;

	mutex_lock(&store->lock);
	watch->token = ++store->next_token;
	watch->fired = false;
	list_append(&store->watches, &watch->node);
	err = send_watch(store, TYPE_WATCH, watch);
	if (err < 0)
		list_remove(&watch->node);
	mutex_unlock(&store->lock);
	wake_all(&store->came);
	return err < 0 ? (int)err : 0;
}

void xenstore_unwatch(struct xenstore *store, struct xenstore_watch *watch)
{
	mutex_lock(&store->calling);
	mutex_lock(&store->lock);
	list_remove(&watch->node);
	send_watch(store, TYPE_UNWATCH, watch);
	mutex_unlock(&store->lock);
	mutex_unlock(&store->calling);
}

static struct xenstore_watch *take_fired(struct xenstore *store)
{
	list_foreach(&store->watches, struct xenstore_watch, node, watch) {
		if (!watch->fired)
			continue;
		watch->fired = false;
		return watch;
	}
	store->fired = false;
	return NULL;
}

void xenstore_poll(struct xenstore *store)
{
	struct xenstore_watch *watch;
	struct message header;

	mutex_lock(&store->calling);
	mutex_lock(&store->lock);
	while (!atomic_load(&store->broken) && can_read(store)) {
		/* Answers are taken by who has asked. */
		if (get(store, &header, sizeof(header)))
			break;
		if (header.type != TYPE_WATCH_EVENT || header.len > PAYLOAD_MAX)
			break_store(store, "an answer to what was not asked");
		else
			get_change(store, header.len);
	}
	while ((watch = take_fired(store))) {
		mutex_unlock(&store->lock);
		watch->changed(watch);
		mutex_lock(&store->lock);
	}
	mutex_unlock(&store->lock);
	mutex_unlock(&store->calling);
}

static bool has_work(void *arg)
{
	struct xenstore *store = arg;

	return atomic_load(&store->closing) ||
	       (!atomic_load(&store->broken) && (atomic_load(&store->fired) || can_read(store)));
}

/* What is read by who has asked may wake it for nothing: then it waits for the lock, and finds nothing. */
static void store_main(void *arg)
{
	struct xenstore *store = arg;

	while (!atomic_load(&store->closing)) {
		wait_for_work(&store->came, has_work, store);
		if (!atomic_load(&store->closing))
			xenstore_poll(store);
	}
}

/* ---- a suspension ---- */

void xenstore_pause(struct xenstore *store)
{
	mutex_lock(&store->calling);
	mutex_lock(&store->lock);
}

void xenstore_forget(struct xenstore *store)
{
	store->host->event_unbind(store->host, store->irq);
	store->irq = 0;
}

static int introduce(struct xenstore *store)
{
	const struct xen_host *host = store->host;
	int irq = host->event_bind(host, host->store_port, event_came, store);

	if (irq < 0)
		return break_store(store, "this copy of the machine has no channel to the daemon");
	store->irq = irq;
	atomic_store(&host->store->rsp_cons, atomic_load(&host->store->rsp_prod));
	list_foreach(&store->watches, struct xenstore_watch, node, watch) {
		watch->fired = false;
		if (send_watch(store, TYPE_WATCH, watch) < 0)
			return -EIO;
	}
	return 0;
}

void xenstore_go_on(struct xenstore *store, bool copied)
{
	if (copied && introduce(store))
		log_warning("xenstore: the daemon does not know this copy of the machine");
	mutex_unlock(&store->lock);
	mutex_unlock(&store->calling);
	wake_all(&store->came);
}

/* ---- coming and going ---- */

int xenstore_open(const struct xen_host *host, struct xenstore **out)
{
	struct xenstore *store;
	int err = -ENOMEM;

	if (!host->store)
		return -ENODEV;
	store = heap_zalloc(sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->host = host;
	mutex_init(&store->lock);
	mutex_init(&store->calling);
	wait_queue_init(&store->came);
	list_init(&store->watches);
	/* What an earlier life of this memory has left unread is not for us. */
	atomic_store(&host->store->rsp_cons, atomic_load(&host->store->rsp_prod));
	store->irq = host->event_bind(host, host->store_port, event_came, store);
	if (store->irq < 0) {
		err = store->irq;
		goto err_store;
	}
	store->thread = thread_create("xenstore", store_main, store);
	if (!store->thread)
		goto err_irq;
	thread_start(store->thread);
	*out = store;
	return 0;

err_irq:
	host->event_unbind(host, store->irq);
err_store:
	heap_free(store);
	return err;
}

void xenstore_close(struct xenstore *store)
{
	atomic_store(&store->closing, true);
	wake_all(&store->came);
	if (thread_join(store->thread))
		return; /* killed meanwhile: it stays */
	thread_put(store->thread);
	store->host->event_unbind(store->host, store->irq);
	heap_free(store);
}
