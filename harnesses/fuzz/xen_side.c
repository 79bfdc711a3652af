/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See xen_side.h. Rings are as public/io/netif.h and blkif.h have them: a header of 64 bytes, then entries.
 */
#include "xen_side.h"

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/string.h>

struct ring {
	uint32_t req_prod, req_event, rsp_prod, rsp_event;
	uint8_t pad[48];
	uint8_t entries[];
};

#define MANY 64 /* requests that are answered at once */

#define FRONT_NET "device/vif/0"
#define FRONT_BLOCK "device/vbd/1"

static enum xen_side_kind kind;
static uint64_t ring_refs[2];	/* as the driver has told them */
static uint32_t asked[2];	/* requests that were looked at, of each ring */
/* It wrote into a ring what may lie over requests: from then on it reads none, and answers them all the same. */
static bool scribbled;
static bool follows;	/* it connects once the driver has */

static unsigned rings(void)
{
	return kind == XEN_SIDE_NET ? 2 : 1;
}

/* Ring n; NULL: it is not there yet, or no more. */
static struct ring *ring_at(struct fake_xen *fake, unsigned n)
{
	return fake_xen_page(fake, ring_refs[n], true);
}

static size_t entry_size(unsigned n)
{
	return kind == XEN_SIDE_BLOCK ? 112 : n ? 8 : 12;
}

static uint8_t *entry_at(struct ring *ring, unsigned n, uint32_t index)
{
	return ring->entries + index % (kind == XEN_SIDE_BLOCK ? 32 : 256) * entry_size(n);
}

static uint32_t word_at(const uint8_t *bytes, size_t offset)
{
	uint32_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* A page that a request names: if it names one at all, it is one that may be used so. */
static uint8_t *page_of(struct fake_xen *fake, uint32_t ref, bool to_write)
{
	uint8_t *page = fake_xen_page(fake, ref, to_write);

	if (!page)
		panic("the driver names grant %u, which is none", ref);
	return page;
}

/* ---- answers ---- */

/* Looks at what is sent; the script says what comes in. */
static void answer_net(struct fake_xen *fake, unsigned n, const uint8_t request[12], uint8_t response[12],
		       struct script *script)
{
	uint16_t len = (uint16_t)(script_take(script, 1) * 8);

	if (!n) {
		const uint8_t *page = page_of(fake, word_at(request, 0), false);
		uint16_t size = (uint16_t)(word_at(request, 8) >> 16), offset = (uint16_t)word_at(request, 4);

		if (offset > PAGE_SIZE || size > PAGE_SIZE - offset)
			panic("a frame of %u bytes at %u", size, offset);
		/* A page is accessible as a whole, or not at all. */
		if (size)
			(void)((const volatile uint8_t *)page)[offset];
		memcpy(response, request + 8, 2);
		return;
	}
	memset(page_of(fake, word_at(request, 4), true), (int)script_take(script, 1), len);
	memcpy(response, request, 2);
	memcpy(response + 6, &len, 2);
}

static void answer_block(struct fake_xen *fake, const uint8_t request[112], uint8_t response[16], struct script *script)
{
	unsigned segments = request[0] == 5 ? 0 : request[1];

	if (segments > 11)
		panic("a request of %u segments", segments);
	for (unsigned i = 0; i < segments; i++) {
		const uint8_t *segment = request + 24 + 8 * i;
		uint8_t *page = page_of(fake, word_at(segment, 0), request[0] == 0);

		if (segment[4] > segment[5] || segment[5] > 7)
			panic("sectors %u to %u of a page", segment[4], segment[5]);
		if (request[0] == 0)
			memset(page + segment[4] * 512, (int)script_take(script, 1),
			       (segment[5] - segment[4] + 1) * 512u);
	}
	memcpy(response, request + 8, 8);
	response[8] = request[0];
}

/* False: nothing was asked. */
static bool answer(struct fake_xen *fake, unsigned n, struct script *script)
{
	struct ring *ring = ring_at(fake, n);
	uint8_t request[112], response[16] = { 0 };

	if (!ring || asked[n] == atomic_load(&ring->req_prod))
		return false;
	memcpy(request, entry_at(ring, n, asked[n]++), entry_size(n));
	if (scribbled)
		script_bytes(script, response, 2);
	else if (kind == XEN_SIDE_BLOCK)
		answer_block(fake, request, response, script);
	else
		answer_net(fake, n, request, response, script);
	memcpy(entry_at(ring, n, ring->rsp_prod), response, min(sizeof(response), entry_size(n)));
	atomic_store(&ring->rsp_prod, ring->rsp_prod + 1);
	fake_xen_interrupt(fake);
	return true;
}

static void answer_many(struct fake_xen *fake, unsigned n, struct script *script)
{
	unsigned left = 2 + (unsigned)script_take(script, 1) % MANY;

	while (left && answer(fake, n, script))
		left--;
}

void xen_side_answer(struct fake_xen *fake, struct script *script)
{
	answer(fake, 0, script);
}

/* Anything at all as a response. */
static void lie(struct fake_xen *fake, unsigned n, struct script *script)
{
	struct ring *ring = ring_at(fake, n);
	uint8_t bytes[16];

	script_bytes(script, bytes, sizeof(bytes));
	if (!ring)
		return;
	scribbled = true;
	memcpy(entry_at(ring, n, ring->rsp_prod), bytes, min(sizeof(bytes), entry_size(n)));
	atomic_store(&ring->rsp_prod, ring->rsp_prod + 1);
	fake_xen_interrupt(fake);
}

static void set_index(struct fake_xen *fake, unsigned n, struct script *script)
{
	struct ring *ring = ring_at(fake, n);
	uint32_t value = (uint32_t)script_take(script, 4);

	scribbled = true;
	if (ring)
		atomic_store(script_take(script, 1) % 2 ? &ring->rsp_prod : &ring->req_event, value);
}

static void set_state(struct fake_xen *fake, struct script *script)
{
	char text[4];

	format(text, sizeof(text), "%u", (unsigned)script_take(script, 1) % 10);
	fake_xen_set(fake, "back/state", text);
}

void xen_side_step(struct fake_xen *fake, struct script *script)
{
	unsigned what = (unsigned)script_take(script, 1), n = what / 16 % rings();

	switch (what % 16) {
	case 0: lie(fake, n, script); break;
	case 1: set_index(fake, n, script); break;
	case 2: fake_xen_interrupt(fake); break;
	case 3: set_state(fake, script); break;
	case 4: answer_many(fake, n, script); break;
	default: answer(fake, n, script); break;
	}
}

/* ---- coming and going ---- */

static bool ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), end_len = strlen(end);

	return len >= end_len && !memcmp(path + len - end_len, end, end_len);
}

static void wrote(struct fake_xen *fake, const char *path, const char *value)
{
	if (ends_with(path, "ring-ref"))
		parse_u64(value, 10, &ring_refs[ends_with(path, "/rx-ring-ref")]);
	else if (follows && ends_with(path, "/state") && *value == (kind == XEN_SIDE_NET ? '4' : '3'))
		fake_xen_set(fake, "back/state", "4");
}

struct side_number {
	const char *path;
	uint64_t usual;
};

static const struct side_number net_numbers[] = {
	{ FRONT_NET "/backend-id", 0 },
	{ "back/feature-ipv6-csum-offload", 1 },
	{ "back/state", 2 },
};

static const struct side_number block_numbers[] = {
	{ FRONT_BLOCK "/backend-id", 0 },   { "back/sectors", 4096 },	      { "back/sector-size", 512 },
	{ "back/feature-flush-cache", 1 }, { "back/feature-discard", 1 }, { "back/info", 0 }, { "back/state", 2 },
};

static const struct side_number *numbers(size_t *count)
{
	*count = kind == XEN_SIDE_NET ? array_size(net_numbers) : array_size(block_numbers);
	return kind == XEN_SIDE_NET ? net_numbers : block_numbers;
}

static void set_number(struct fake_xen *fake, const char *path, const char *how, uint64_t number)
{
	char text[24];

	format(text, sizeof(text), how, number);
	fake_xen_set(fake, path, text);
}

/* As usual, or not there, or another number, or none. */
static void change_number(struct fake_xen *fake, const struct side_number *number, struct script *script)
{
	switch (script_take(script, 1)) {
	case 1: fake_xen_forget(fake, number->path); break;
	case 2: set_number(fake, number->path, "%lu", script_take(script, 8)); break;
	case 3: set_number(fake, number->path, "x%lu", number->usual); break;
	default: break;
	}
}

int xen_side_setup(struct fake_xen *fake, enum xen_side_kind which)
{
	int err = fake_xen_init(fake);
	size_t count;

	if (err)
		return err;
	kind = which;
	fake->wrote = wrote;
	fake_xen_set(fake, kind == XEN_SIDE_NET ? FRONT_NET "/backend" : FRONT_BLOCK "/backend", "back");
	if (kind == XEN_SIDE_NET)
		fake_xen_set(fake, FRONT_NET "/mac", "00:16:3e:00:00:01");
	for (const struct side_number *n = numbers(&count), *end = n + count; n < end; n++)
		set_number(fake, n->path, "%lu", n->usual);
	return 0;
}

/* How xenstore is: as it was, opened anew, silent from some message on, or with one that is not right. */
static int change_store(struct fake_xen *fake, unsigned how, struct script *script)
{
	switch (how) {
	case 1: return fake_xen_reopen(fake);
	case 2: fake->until_silent = 1 + (unsigned)script_take(script, 1); return 0;
	case 3:
		fake->until_lie = 1 + (unsigned)script_take(script, 1);
		for (size_t i = 0; i < array_size(fake->lie); i++)
			fake->lie[i] = (uint32_t)script_take(script, 2);
		return 0;
	default: return 0;
	}
}

int xen_side_attach(struct fake_xen *fake, struct script *script)
{
	unsigned how = (unsigned)script_take(script, 1);
	int err = change_store(fake, how % 4, script);
	size_t count;

	if (err)
		return err;
	follows = !(how & 4);
	if (kind == XEN_SIDE_NET && script_take(script, 1) == 1)
		fake_xen_set(fake, FRONT_NET "/mac", "00:16:3e");
	for (const struct side_number *n = numbers(&count), *end = n + count; n < end; n++)
		change_number(fake, n, script);
	fake_xen_scan(fake);
	if (script_take(script, 1) == 1)
		set_state(fake, script);
	return ring_at(fake, 0) ? 0 : -ENODEV;
}

void xen_side_detach(struct fake_xen *fake)
{
	if (fake_xen_remove(fake))
		panic("grants are left");
}
