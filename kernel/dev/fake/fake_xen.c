/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Xen's devices are made of, without Xen. xenstored is a list of keys whose paths are as the drivers write them;
 * it serves its ring whenever that is rung, before the caller goes on.
 */
#include <kernel/fake_xen.h>

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/string.h>

#define STORE_PORT 1 /* ports count from 1 */

enum { DIRECTORY = 1, READ = 2, WATCH = 4, UNWATCH = 5, WRITE = 11, WATCH_EVENT = 15, ERROR = 16 };

struct message {
	uint32_t type, req_id, tx_id, len;
};

static struct fake_xen *fake_of(const struct xen_host *host)
{
	return host->data;
}

/* ---- event channels ---- */

static struct fake_port *port_at(struct fake_xen *fake, uint32_t port)
{
	return port && port <= FAKE_XEN_PORTS ? &fake->ports[port - 1] : NULL;
}

static void interrupt(struct fake_port *port)
{
	unsigned long flags = arch_irq_save();

	if (port && port->handler)
		port->handler(port->arg);
	arch_irq_restore(flags);
}

void fake_xen_interrupt(struct fake_xen *fake)
{
	for (uint32_t n = FAKE_XEN_PORTS; n > STORE_PORT; n--) {
		if (!fake->ports[n - 1].open)
			continue;
		interrupt(&fake->ports[n - 1]);
		return;
	}
}

static int fake_event_open(const struct xen_host *host, uint16_t domain UNUSED, uint32_t *port)
{
	struct fake_xen *fake = fake_of(host);

	for (uint32_t n = STORE_PORT; n < FAKE_XEN_PORTS; n++) {
		if (fake->ports[n].open)
			continue;
		fake->ports[n].open = true;
		*port = n + 1;
		return 0;
	}
	return -ENOSPC;
}

static void fake_event_close(const struct xen_host *host, uint32_t port)
{
	port_at(fake_of(host), port)->open = false;
}

static int fake_event_bind(const struct xen_host *host, uint32_t port, irq_handler_t *handler, void *arg)
{
	struct fake_port *p = port_at(fake_of(host), port);

	p->arg = arg;
	p->handler = handler;
	return (int)port;
}

static void fake_event_unbind(const struct xen_host *host, int name)
{
	port_at(fake_of(host), (uint32_t)name)->handler = NULL;
}

/* ---- grants ---- */

static int fake_grant(const struct xen_host *host, uint16_t domain UNUSED, phys_t page, bool read_only, uint32_t *ref)
{
	struct fake_xen *fake = fake_of(host);
	uint16_t n = fake->first_free;

	if (n)
		fake->first_free = fake->grants[n].next_free;
	else if (fake->grants_used < FAKE_XEN_GRANTS - 1)
		n = ++fake->grants_used;
	else
		return -ENOSPC;
	fake->grants[n] = (struct fake_grant){ .page = page, .read_only = read_only };
	fake->granted++;
	*ref = n;
	return 0;
}

static int fake_ungrant(const struct xen_host *host, uint32_t ref)
{
	struct fake_xen *fake = fake_of(host);
	struct fake_grant *grant = &fake->grants[ref % FAKE_XEN_GRANTS];

	if (!grant->page)
		panic("the driver ends a grant that is none");
	if (grant->held)
		return -EBUSY;
	*grant = (struct fake_grant){ .next_free = fake->first_free };
	fake->first_free = (uint16_t)(grant - fake->grants);
	fake->granted--;
	return 0;
}

void *fake_xen_page(struct fake_xen *fake, uint64_t ref, bool to_write)
{
	const struct fake_grant *grant = ref < FAKE_XEN_GRANTS ? &fake->grants[ref] : NULL;

	return grant && grant->page && !(to_write && grant->read_only) ? fake_memory(grant->page, PAGE_SIZE) : NULL;
}

/* ---- xenstore ---- */

static struct fake_key *key_at(struct fake_xen *fake, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < fake->key_count; i++)
		if (fake->keys[i].len == len && !memcmp(fake->keys[i].path, path, len))
			return &fake->keys[i];
	return NULL;
}

const char *fake_xen_get(struct fake_xen *fake, const char *path)
{
	const struct fake_key *key = key_at(fake, path);

	return key ? key->value : NULL;
}

uint64_t fake_xen_number(struct fake_xen *fake, const char *path)
{
	const char *text = fake_xen_get(fake, path);
	uint64_t number;

	return text && !parse_u64(text, 10, &number) ? number : UINT64_MAX;
}

/* Moves bytes between a ring, from an index on, and what is not one. */
static void copy_to_ring(char *ring, uint32_t at, const void *from, size_t len)
{
	size_t first = min(len, (size_t)(XENSTORE_RING - at % XENSTORE_RING));

	memcpy(ring + at % XENSTORE_RING, from, first);
	memcpy(ring, (const char *)from + first, len - first);
}

static void copy_from_ring(const char *ring, uint32_t at, void *to, size_t len)
{
	size_t first = min(len, (size_t)(XENSTORE_RING - at % XENSTORE_RING));

	memcpy(to, ring + at % XENSTORE_RING, first);
	memcpy((char *)to + first, ring, len - first);
}

/* Into the ring, as far as there is room; the rest when it is rung again. */
static void send(struct fake_xen *fake)
{
	struct xenstore_ring *ring = &fake->ring;
	uint32_t waiting = ring->rsp_prod - atomic_load(&ring->rsp_cons);
	size_t n = waiting < XENSTORE_RING ? min(fake->out_len, (size_t)(XENSTORE_RING - waiting)) : 0;

	if (!n)
		return;
	copy_to_ring(ring->rsp, ring->rsp_prod, fake->out, n);
	atomic_store(&ring->rsp_prod, ring->rsp_prod + (uint32_t)n);
	fake->out_len -= n;
	memmove(fake->out, fake->out + n, fake->out_len);
	interrupt(port_at(fake, STORE_PORT));
}

static void answer(struct fake_xen *fake, uint32_t type, uint32_t id, const void *data, size_t len)
{
	struct message header = { .type = type, .req_id = id, .len = (uint32_t)len };

	if (fake->until_lie && !--fake->until_lie)
		header = (struct message){ type ^ fake->lie[0], id ^ fake->lie[1], fake->lie[2],
					   header.len ^ fake->lie[3] };
	if (fake->out_len + sizeof(header) + len > sizeof(fake->out))
		panic("a xenstore that is not read");
	memcpy(fake->out + fake->out_len, &header, sizeof(header));
	memcpy(fake->out + fake->out_len + sizeof(header), data, len);
	fake->out_len += sizeof(header) + len;
}

static void tell(struct fake_xen *fake, const struct fake_xen_watch *watch)
{
	char text[XENSTORE_PATH + sizeof(watch->token)];
	size_t len = strlen(watch->path) + 1;

	/* Nobody reads: one more would tell him nothing new. */
	if (fake->out_len > sizeof(fake->out) / 2)
		return;
	memcpy(text, watch->path, len);
	memcpy(text + len, watch->token, strlen(watch->token) + 1);
	answer(fake, WATCH_EVENT, 0, text, len + strlen(watch->token) + 1);
}

static void set(struct fake_xen *fake, const char *path, const char *value, size_t len)
{
	struct fake_key *key = key_at(fake, path);

	if (!key) {
		size_t path_len = strlen(path);

		if (fake->key_count == FAKE_XEN_KEYS || path_len >= XENSTORE_PATH)
			panic("no room for key %s", path);
		key = &fake->keys[fake->key_count++];
		key->len = path_len;
		memcpy(key->path, path, path_len + 1);
	}
	len = min(len, sizeof(key->value) - 1);
	memcpy(key->value, value, len);
	key->value[len] = '\0';
	for (size_t i = 0; i < FAKE_XEN_WATCHES; i++)
		if (fake->watches[i].token[0] && !strcmp(fake->watches[i].path, path))
			tell(fake, &fake->watches[i]);
}

void fake_xen_set(struct fake_xen *fake, const char *path, const char *value)
{
	set(fake, path, value, strlen(value));
	send(fake);
}

void fake_xen_forget(struct fake_xen *fake, const char *path)
{
	struct fake_key *key = key_at(fake, path);

	if (key)
		*key = fake->keys[--fake->key_count];
}

/* The names below a path, each once. */
static void list(struct fake_xen *fake, uint32_t id, const char *path)
{
	char names[512];
	size_t len = 0, above = strlen(path);

	for (size_t i = 0; i < fake->key_count; i++) {
		const char *name = fake->keys[i].path;
		size_t n, at = 0;

		if (strncmp(name, path, above) || name[above] != '/')
			continue;
		name += above + 1;
		n = strchr(name, '/') ? (size_t)(strchr(name, '/') - name) : strlen(name);
		while (at < len && (strlen(names + at) != n || memcmp(names + at, name, n)))
			at += strlen(names + at) + 1;
		if (at < len || len + n + 1 > sizeof(names))
			continue;
		memcpy(names + len, name, n);
		names[len + n] = '\0';
		len += n + 1;
	}
	if (len)
		answer(fake, DIRECTORY, id, names, len);
	else
		answer(fake, ERROR, id, "ENOENT", 7);
}

static void watch(struct fake_xen *fake, uint32_t type, const char *path, const char *token)
{
	for (size_t i = 0; i < FAKE_XEN_WATCHES; i++) {
		struct fake_xen_watch *w = &fake->watches[i];

		if (strcmp(w->token, type == WATCH ? "" : token))
			continue;
		*w = (struct fake_xen_watch){ 0 };
		if (type == UNWATCH)
			return;
		format(w->path, sizeof(w->path), "%s", path);
		format(w->token, sizeof(w->token), "%s", token);
		tell(fake, w);
		return;
	}
}

/* A request whose text ends in a NUL, whatever it is. */
static void serve(struct fake_xen *fake, const struct message *request, char *text)
{
	const char *path = text, *rest = text + strlen(text) + 1;
	const char *value;

	switch (request->type) {
	case DIRECTORY: list(fake, request->req_id, path); return;
	case READ:
		value = fake_xen_get(fake, path);
		if (value)
			answer(fake, READ, request->req_id, value, strlen(value));
		else
			answer(fake, ERROR, request->req_id, "ENOENT", 7);
		return;
	case WRITE: set(fake, path, rest, request->len - (size_t)(rest - text)); break;
	case WATCH:
	case UNWATCH: watch(fake, request->type, path, rest); break;
	default: panic("the driver asks xenstore for %u", request->type);
	}
	answer(fake, request->type, request->req_id, "OK", 3);
	if (request->type == WRITE && fake->wrote)
		fake->wrote(fake, path, fake_xen_get(fake, path));
}

static void serve_store(struct fake_xen *fake)
{
	struct xenstore_ring *ring = &fake->ring;
	size_t n = min((size_t)(atomic_load(&ring->req_prod) - ring->req_cons), sizeof(fake->in) - 1 - fake->in_len);
	struct message header;

	copy_from_ring(ring->req, ring->req_cons, fake->in + fake->in_len, n);
	atomic_store(&ring->req_cons, ring->req_cons + (uint32_t)n);
	fake->in_len += n;
	memcpy(&header, fake->in, sizeof(header));
	if (fake->until_silent == 1 || fake->in_len < sizeof(header) || fake->in_len < sizeof(header) + header.len) {
		send(fake);
		return;
	}
	if (fake->until_silent)
		fake->until_silent--;
	fake->in[fake->in_len] = 0;
	fake->in_len = 0;
	serve(fake, &header, (char *)fake->in + sizeof(header));
	send(fake);
}

/* ---- coming and going ---- */

static void fake_event_send(const struct xen_host *host, uint32_t port)
{
	struct fake_xen *fake = fake_of(host);

	if (port == STORE_PORT)
		serve_store(fake);
	else if (fake->rung)
		fake->rung(fake);
}

int fake_xen_init(struct fake_xen *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->host = (struct xen_host){
		.store = &fake->ring,
		.store_port = STORE_PORT,
		.grant = fake_grant,
		.ungrant = fake_ungrant,
		.event_open = fake_event_open,
		.event_close = fake_event_close,
		.event_send = fake_event_send,
		.event_bind = fake_event_bind,
		.event_unbind = fake_event_unbind,
		.data = fake,
	};
	return xenstore_open(&fake->host, &fake->store);
}

int fake_xen_reopen(struct fake_xen *fake)
{
	xenstore_close(fake->store);
	fake->store = NULL;
	return xenstore_open(&fake->host, &fake->store);
}

void fake_xen_scan(struct fake_xen *fake)
{
	xen_scan(&fake->host, fake->store);
}

unsigned fake_xen_remove(struct fake_xen *fake)
{
	if (fake->store)
		xen_remove_all(fake->store);
	return fake->granted;
}

unsigned fake_xen_end(struct fake_xen *fake)
{
	unsigned left = fake_xen_remove(fake);

	if (fake->store)
		xenstore_close(fake->store);
	return left;
}

void fake_xen_copy(struct fake_xen *fake)
{
	memset(&fake->ring, 0, sizeof(fake->ring));
	memset(fake->grants, 0, sizeof(fake->grants));
	fake->granted = 0;
	fake->grants_used = fake->first_free = 0;
	memset(fake->ports, 0, sizeof(fake->ports));
	memset(fake->watches, 0, sizeof(fake->watches));
	fake->in_len = fake->out_len = 0;
}
