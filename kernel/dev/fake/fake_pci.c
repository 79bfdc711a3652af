/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PCI bus whose functions are bytes: configuration space and memory. Where a script says nothing a function is an
 * honest one: its base addresses tell their size, and its messages reach their handlers.
 */
#include <kernel/fake.h>

#include <kernel/errno.h>
#include <kernel/string.h>

#define BAR_AREA UINT64_C(0xfe000000)

static struct fake_pci *fake_of(const struct pci_host *host)
{
	return host->data;
}

/* Device numbers count the functions. */
static struct fake_function *function_at(struct fake_pci *fake, unsigned function)
{
	unsigned n = function >> 3;

	return n < fake->count && !(function & 7) ? &fake->functions[n] : NULL;
}

static uint32_t fake_read(const struct pci_host *host, unsigned function, unsigned offset, unsigned bytes)
{
	struct fake_function *f = function_at(fake_of(host), function);
	uint32_t value = UINT32_MAX >> (32 - 8 * bytes);

	if (f && offset + bytes <= sizeof(f->space)) {
		value = 0;
		memcpy(&value, f->space + offset, bytes);
	}
	return value;
}

static void fake_write(const struct pci_host *host, unsigned function, unsigned offset, unsigned bytes, uint32_t value)
{
	struct fake_function *f = function_at(fake_of(host), function);

	for (unsigned i = 0; f && i < bytes && offset + i < sizeof(f->space); i++) {
		uint8_t mask = f->writable[offset + i];

		f->space[offset + i] = (uint8_t)((f->space[offset + i] & ~mask) | (value >> 8 * i & mask));
	}
}

/* ---- memory ---- */

static uint64_t window_read(const struct regs *regs, size_t offset, unsigned bytes)
{
	const struct fake_window *window = (const struct fake_window *)regs->base;
	uint64_t value = 0;

	if (fake_lie(window->pci->overrides, window->offset + offset, &value))
		return value;
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)window->memory[(window->offset + offset + i) % FAKE_PCI_MEMORY] << 8 * i;
	return value;
}

static void window_write(const struct regs *regs, size_t offset, unsigned bytes, uint64_t value)
{
	const struct fake_window *window = (const struct fake_window *)regs->base;

	for (unsigned i = 0; i < bytes; i++)
		window->memory[(window->offset + offset + i) % FAKE_PCI_MEMORY] = (uint8_t)(value >> 8 * i);
}

static const struct regs_ops window_ops = { window_read, window_write };

static int fake_map(const struct pci_host *host, struct regs *regs, uint64_t address, size_t size)
{
	struct fake_pci *fake = fake_of(host);
	uint64_t at = address - BAR_AREA, bar = at / FAKE_PCI_BAR_STRIDE, offset = at % FAKE_PCI_BAR_STRIDE;
	struct fake_window *window = &fake->windows[fake->window_count];
	struct fake_function *f;

	if (address < BAR_AREA || bar / PCI_BARS >= fake->count || size > FAKE_PCI_BAR_STRIDE - offset)
		return -EINVAL;
	f = &fake->functions[bar / PCI_BARS];
	if (f->registers.ops && bar % PCI_BARS == 0) {
		*regs = f->registers;
		regs->size = min(regs->size, size);
		return offset ? -EINVAL : 0;
	}
	if (fake->window_count == FAKE_PCI_WINDOWS)
		return -ENOMEM;
	fake->window_count++;
	*window = (struct fake_window){ fake, f->memory[bar % PCI_BARS], (size_t)offset };
	*regs = (struct regs){ &window_ops, (uintptr_t)window, size };
	return 0;
}

static int fake_message(const struct pci_host *host, irq_handler_t *handler, void *arg, struct irq_message *message)
{
	struct fake_pci *fake = fake_of(host);

	if (fake->handler_count == FAKE_PCI_MESSAGES)
		return -ENOSPC;
	fake->handlers[fake->handler_count] = handler;
	fake->handler_args[fake->handler_count] = arg;
	message->address = 0;
	message->data = fake->handler_count++;
	return 0;
}

static int fake_line(const struct pci_host *host, unsigned line UNUSED, irq_handler_t *handler, void *arg)
{
	struct irq_message message;

	return fake_message(host, handler, arg, &message);
}

void fake_pci_put(struct fake_function *f, unsigned offset, unsigned bytes, uint32_t value)
{
	memcpy(f->space + offset, &value, bytes);
}

/* A function as one would be, without anything in its memory. */
static void function_init(struct fake_pci *fake, unsigned n)
{
	struct fake_function *f = &fake->functions[n];

	fake_pci_put(f, PCI_VENDOR, 2, 0x1af4);
	fake_pci_put(f, PCI_DEVICE, 2, 0x1040);
	fake_pci_put(f, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	fake_pci_put(f, PCI_CAPABILITIES, 1, 0x40);
	memset(f->writable + PCI_COMMAND, 0xff, 2);
	for (unsigned bar = 0; bar < PCI_BARS; bar++) {
		fake_pci_put(f, PCI_BAR(bar), 4, (uint32_t)(BAR_AREA + (n * PCI_BARS + bar) * FAKE_PCI_BAR_STRIDE));
		fake_pci_bar_size(f, bar, FAKE_PCI_BAR_SIZE);
	}
}

void fake_pci_bar_size(struct fake_function *f, unsigned bar, uint32_t size)
{
	uint32_t mask = ~(size - 1);

	memcpy(f->writable + PCI_BAR(bar), &mask, sizeof(mask));
}

/* What the script changes of it. */
static void function_change(struct fake_function *f, struct script *script)
{
	unsigned changes;

	fake_pci_put(f, PCI_DEVICE, 2, 0x1040 + (uint32_t)script_take(script, 1) % 32);
	for (changes = (unsigned)script_take(script, 1); changes && !script_done(script); changes--) {
		unsigned offset = (unsigned)script_take(script, 1);

		script_bytes(script, f->space + offset, min((size_t)script_take(script, 1) % 16, 256 - (size_t)offset));
	}
	for (changes = (unsigned)script_take(script, 1); changes && !script_done(script); changes--) {
		unsigned bar = (unsigned)script_take(script, 1) % PCI_BARS, offset = (unsigned)script_take(script, 1);

		script_bytes(script, f->memory[bar] + offset,
			     min((size_t)script_take(script, 1) % 64, FAKE_PCI_MEMORY - (size_t)offset));
	}
}

void fake_pci_init(struct fake_pci *fake, unsigned functions, struct script *script)
{
	memset(fake, 0, offsetof(struct fake_pci, functions));
	fake->count = functions;
	fake->host = (struct pci_host){ fake_read, fake_write, fake_map, fake_message, fake_line, 1, fake };
	for (unsigned n = 0; n < functions; n++) {
		memset(&fake->functions[n], 0, sizeof(fake->functions[n]));
		function_init(fake, n);
		if (script)
			function_change(&fake->functions[n], script);
	}
}

void fake_pci_interrupt(struct fake_pci *fake, unsigned message)
{
	unsigned long flags;

	if (message >= fake->handler_count || !fake->handlers[message])
		return;
	flags = arch_irq_save();
	fake->handlers[message](fake->handler_args[message]);
	arch_irq_restore(flags);
}
