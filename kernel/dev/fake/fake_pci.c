/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PCI bus whose functions are bytes: configuration space and memory. Where a script says nothing a function is an
 * honest one: its base addresses tell their size, and its messages reach their handlers.
 */
#include <kernel/fake.h>

#include <kernel/errno.h>
#include <kernel/heap.h>
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
	uint32_t value = UINT32_MAX;

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

static int fake_map(const struct pci_host *host, struct regs *regs, uint64_t address, size_t size)
{
	struct fake_pci *fake = fake_of(host);
	uint64_t at = address - BAR_AREA, bar = at / FAKE_PCI_BAR_SIZE;

	if (address < BAR_AREA || bar / PCI_BARS >= fake->count || size > FAKE_PCI_BAR_SIZE - at % FAKE_PCI_BAR_SIZE)
		return -EINVAL;
	*regs = (struct regs){ .base = (uintptr_t)fake->functions[bar / PCI_BARS].bars[bar % PCI_BARS] +
				       at % FAKE_PCI_BAR_SIZE,
			       .size = size };
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

static void put(struct fake_function *f, unsigned offset, unsigned bytes, uint32_t value)
{
	memcpy(f->space + offset, &value, bytes);
}

/* A function as one would be, and then what the script changes of it. */
static void function_init(struct fake_pci *fake, unsigned n, struct script *script)
{
	struct fake_function *f = &fake->functions[n];
	unsigned changes;

	put(f, PCI_VENDOR, 2, 0x1af4);
	put(f, PCI_DEVICE, 2, 0x1040 + (uint32_t)script_take(script, 1) % 32);
	put(f, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	put(f, PCI_CAPABILITIES, 1, 0x40);
	memset(f->writable + PCI_COMMAND, 0xff, 2);
	for (unsigned bar = 0; bar < PCI_BARS; bar++) {
		put(f, PCI_BAR(bar), 4, (uint32_t)(BAR_AREA + (n * PCI_BARS + bar) * FAKE_PCI_BAR_SIZE));
		f->writable[PCI_BAR(bar) + 1] = (uint8_t)~((FAKE_PCI_BAR_SIZE - 1) >> 8);
		memset(f->writable + PCI_BAR(bar) + 2, 0xff, 2);
	}
	for (changes = (unsigned)script_take(script, 1); changes; changes--) {
		unsigned offset = (unsigned)script_take(script, 1);

		script_bytes(script, f->space + offset, min((size_t)script_take(script, 1) % 16, 256 - (size_t)offset));
	}
	for (changes = (unsigned)script_take(script, 1); changes; changes--) {
		unsigned bar = (unsigned)script_take(script, 1) % PCI_BARS, offset = (unsigned)script_take(script, 2);

		offset %= FAKE_PCI_BAR_SIZE;
		script_bytes(script, f->bars[bar] + offset,
			     min((size_t)script_take(script, 1) % 64, FAKE_PCI_BAR_SIZE - (size_t)offset));
	}
}

int fake_pci_init(struct fake_pci *fake, unsigned functions, struct script *script)
{
	memset(fake, 0, sizeof(*fake));
	fake->functions = heap_array(functions, sizeof(*fake->functions));
	if (!fake->functions)
		return -ENOMEM;
	fake->count = functions;
	fake->host = (struct pci_host){ fake_read, fake_write, fake_map, fake_message, 1, fake };
	for (unsigned n = 0; n < functions; n++)
		function_init(fake, n, script);
	return 0;
}

void fake_pci_free(struct fake_pci *fake)
{
	heap_free(fake->functions);
	fake->functions = NULL;
}
