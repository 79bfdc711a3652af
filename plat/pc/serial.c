/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two 16550 serial ports at their ISA addresses, polled; and QEMU's debug console, a port that takes bytes.
 */
#include "pc_internal.h"

#include <arch/arch.h>
#include <arch/x86.h>
#include <kernel/errno.h>
#include <kernel/terminal.h>

#define COM1 0x3f8
#define COM2 0x2f8
#define DEBUG_CONSOLE 0xe9

/* Registers, as offsets from the port. */
#define DATA 0
#define INTERRUPT_ENABLE 1
#define FIFO_CONTROL 2
#define LINE_CONTROL 3
#define MODEM_CONTROL 4
#define LINE_STATUS 5
#define SCRATCH 7

#define LINE_STATUS_DATA 0x01
#define LINE_STATUS_HOLDING_EMPTY 0x20
#define LINE_STATUS_ALL_SENT 0x40

static uint16_t log_port = COM1;
static bool is_set_up, console_is_there;
static struct terminal_escape escape;

static bool port_init(uint16_t port)
{
	x86_out8(port + SCRATCH, 0x5a);
	if (x86_in8(port + SCRATCH) != 0x5a)
		return false;
	x86_out8(port + INTERRUPT_ENABLE, 0);
	x86_out8(port + LINE_CONTROL, 0x80); /* the divisor: 1, 115200 baud */
	x86_out8(port + DATA, 1);
	x86_out8(port + INTERRUPT_ENABLE, 0);
	x86_out8(port + LINE_CONTROL, 0x03); /* 8 data bits, no parity, 1 stop bit */
	x86_out8(port + FIFO_CONTROL, 0xc1); /* on, with its high mark at 14 bytes: QEMU delivers no more at once */
	x86_out8(port + MODEM_CONTROL, 0x03);
	return true;
}

void debug_console_write(const char *text)
{
	while (*text)
		x86_out8(DEBUG_CONSOLE, (uint8_t)*text++);
}

/*
 * At the first use: the log may be needed before the platform is initialised. A byte that came in earlier is lost
 * when the FIFO is switched on, so the runner waits for our word before it sends any.
 */
static void set_up(void)
{
	if (is_set_up)
		return;
	is_set_up = true;
	console_is_there = port_init(COM1);
	debug_console_write("console\n");
	log_port = port_init(COM2) ? COM2 : COM1;
}

static void port_write(uint16_t port, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		while (!(x86_in8(port + LINE_STATUS) & LINE_STATUS_HOLDING_EMPTY))
			;
		x86_out8(port + DATA, (uint8_t)text[i]);
	}
}

void serial_log_write(const char *text, size_t len)
{
	set_up();
	port_write(log_port, text, len);
}

void serial_console_write(const char *text, size_t len)
{
	set_up();
	port_write(COM1, text, len);
}

#define REFILL_NS 10000
#define REFILL_LOOKS 20

static bool data_ready(void)
{
	return x86_in8(COM1 + LINE_STATUS) & LINE_STATUS_DATA;
}

/*
 * More of what is flowing: the other side needs a moment to refill the FIFO, and the next look here may be far away.
 * The port is left alone meanwhile: under QEMU each access holds up the thread that does the refilling.
 */
static bool data_follows(void)
{
	for (int looks = 0; looks < REFILL_LOOKS; looks++) {
		uint64_t next = clock_now_ns() + REFILL_NS;

		if (data_ready())
			return true;
		while (clock_now_ns() < next)
			arch_relax();
	}
	return false;
}

ssize_t serial_console_read(char *text, size_t len)
{
	size_t n = 0;

	set_up();
	while (console_is_there && !escape.ended && n < len && (n ? data_follows() : data_ready()))
		n += terminal_unescape(&escape, x86_in8(COM1 + DATA), &text[n]);
	return !n && escape.ended ? -EPIPE : (ssize_t)n;
}

void serial_flush(void)
{
	set_up();
	while (!(x86_in8(COM1 + LINE_STATUS) & LINE_STATUS_ALL_SENT))
		;
	while (!(x86_in8(log_port + LINE_STATUS) & LINE_STATUS_ALL_SENT))
		;
}
