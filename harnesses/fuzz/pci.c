/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space and memory of a few PCI functions: what the bus makes of it, and drivers of what they find there.
 * Finds: capability lists that do not end, sizes and offsets that are believed, tables beyond their memory.
 */
#include <kernel/fake.h>
#include <kernel/harness.h>

static int pci_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	static struct fake_pci fake;
	unsigned functions = 1 + (unsigned)script_take(&script, 1) % FAKE_PCI_FUNCTIONS;
	int err = fake_pci_init(&fake, functions, &script);

	if (err)
		return err;
	err = pci_scan(&fake.host);
	while (!script_done(&script) && fake.handler_count) {
		unsigned n = (unsigned)script_take(&script, 1) % fake.handler_count;
		unsigned long flags = arch_irq_save();

		fake.handlers[n](fake.handler_args[n]);
		arch_irq_restore(flags);
	}
	harness_result(0, (uint64_t)err);
	pci_remove_all(&fake.host);
	fake_pci_free(&fake);
	return err;
}
HARNESS(pci, .run = pci_run, .max_size = 8 * KIB, .about = "PCI functions whose configuration space is the input");
