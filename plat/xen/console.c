/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console that every guest has: two rings in one page, which a daemon in dom0 empties and fills. There is only one,
 * so with console=mux on the command line (saki run's) marks in the output say what the bytes after them are: ESCAPE
 * and 'o', the program's; 'l', the log; 'x', a number and a line's end, the exit status; ESCAPE itself comes twice.
 * Input has marks as any line has (kernel/terminal.h).
 */
#include "xen_internal.h"

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/console.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/terminal.h>

#define LOOK_AGAIN_NS (10 * NSEC_PER_MSEC)

static uint64_t pfn;
static uint32_t port;
static bool is_set_up, mux, is_broken, begun;
static uint32_t produced; /* of the output: what the page says of it is not read again */
static char stream; /* what the last mark said */
static struct terminal_escape escape;

/* NULL: there is none. Until the kernel's page tables are up it is mapped by the boot's. */
static struct xencons_interface *ring(void)
{
	static struct xencons_interface *mapped;

	if (!is_set_up) {
		is_set_up = true;
		xen_is_ready();
		pfn = xen_param(HVM_PARAM_CONSOLE_PFN);
		port = (uint32_t)xen_param(HVM_PARAM_CONSOLE_EVTCHN);
		mux = console_option("mux");
	}
	if (is_broken)
		return NULL;
	if (!mapped && arch_pagetable_is_active(&arch_kernel_pagetable))
		mapped = xen_map_frame(pfn);
	return mapped ? mapped : xen_map_frame(pfn);
}

/* How many bytes of a ring are in use. More than it has room for: nothing there can be believed any more. */
static uint32_t used(uint32_t produced, uint32_t consumed, uint32_t size)
{
	uint32_t bytes = produced - consumed;

	if (bytes > size)
		is_broken = true;
	return bytes > size ? size : bytes;
}

/* Waits for room as long as it takes: the reader may be slow. Interrupts are off. */
static void put(const char *text, size_t len)
{
	struct xencons_interface *r = ring();

	if (r && !begun) {
		begun = true;
		produced = atomic_load(&r->out_prod);
	}
	while (r && len && !is_broken) {
		uint32_t room = XENCONS_OUT - used(produced, atomic_load(&r->out_cons), XENCONS_OUT);
		uint32_t n = (uint32_t)min((size_t)room, len);

		for (uint32_t i = 0; i < n; i++)
			r->out[(produced + i) % XENCONS_OUT] = text[i];
		text += n;
		len -= n;
		produced += n;
		atomic_store(&r->out_prod, produced);
		if (n)
			event_send(port);
		if (len)
			event_poll(port, LOOK_AGAIN_NS);
	}
}

static void put_escaped(const char *text, size_t len)
{
	static const char twice[] = { TERMINAL_ESCAPE, TERMINAL_ESCAPE };

	while (len) {
		const char *found = memchr(text, TERMINAL_ESCAPE, len);
		size_t plain = found ? (size_t)(found - text) : len;

		put(text, plain);
		if (!found)
			return;
		put(twice, sizeof(twice));
		text = found + 1;
		len -= plain + 1;
	}
}

static void write_as(char kind, const char *text, size_t len)
{
	unsigned long flags = arch_irq_save();

	ring();
	if (mux && stream != kind) {
		put((const char[]){ TERMINAL_ESCAPE, kind }, 2);
		stream = kind;
	}
	if (mux)
		put_escaped(text, len);
	else
		put(text, len);
	arch_irq_restore(flags);
}

void xen_log_write(const char *text, size_t len)
{
	write_as('l', text, len);
}

void xen_console_write(const char *text, size_t len)
{
	write_as('o', text, len);
}

ssize_t xen_console_read(char *text, size_t len)
{
	struct xencons_interface *r = ring();
	uint32_t consumed, left, taken = 0;
	size_t n = 0;

	if (!r)
		return -EPIPE;
	consumed = atomic_load_relaxed(&r->in_cons);
	left = used(atomic_load(&r->in_prod), consumed, XENCONS_IN);
	while (!escape.ended && n < len && taken < left)
		n += terminal_unescape(&escape, (uint8_t)r->in[(consumed + taken++) % XENCONS_IN], &text[n]);
	if (taken) {
		atomic_store(&r->in_cons, consumed + taken);
		event_send(port);
	}
	return !n && (escape.ended || is_broken) ? -EPIPE : (ssize_t)n;
}

/* Where the other one's was, as the memory is the same; its reader has seen nothing yet. */
void xen_console_in_copy(void)
{
	port = (uint32_t)xen_param(HVM_PARAM_CONSOLE_EVTCHN);
	begun = false;
	stream = 0;
	escape.escaped = false;
}

void xen_console_end(int status)
{
	char text[16];

	ring();
	if (mux)
		put(text, (size_t)format(text, sizeof(text), "%cx%d\n", TERMINAL_ESCAPE, status));
}

/* What nobody takes for a second never leaves. */
void xen_console_flush(void)
{
	struct xencons_interface *r = ring();

	for (int i = 0; r && i < 100 && atomic_load(&r->out_cons) != atomic_load_relaxed(&r->out_prod); i++)
		event_poll(port, LOOK_AGAIN_NS);
}
