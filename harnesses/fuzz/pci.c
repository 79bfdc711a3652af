/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space and memory of a few PCI functions: what the bus makes of it, and drivers of what they find there.
 * Finds: capability lists that do not end, sizes and offsets that are believed, tables beyond their memory.
 */
#include <kernel/fake.h>
#include <kernel/harness.h>
#include <kernel/log.h>

/* Thousands of functions a second that do not start are no news. */
static int pci_setup(void)
{
	log_set_level(LOG_ERROR);
	return 0;
}

static int pci_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	static struct fake_pci fake;
	unsigned functions = 1 + (unsigned)script_take(&script, 1) % FAKE_PCI_FUNCTIONS;
	int err;

	fake_pci_init(&fake, functions, &script);
	for (unsigned lies = (unsigned)script_take(&script, 1) % 8; lies; lies--)
		fake_lies_more(fake.overrides, &script);
	err = pci_scan(&fake.host);
	while (!script_done(&script) && fake.handler_count)
		fake_pci_interrupt(&fake, (unsigned)script_take(&script, 1) % fake.handler_count);
	harness_result(0, (uint64_t)err);
	pci_remove_all(&fake.host);
	return err;
}
HARNESS(pci, .setup = pci_setup, .run = pci_run, .max_size = 8 * KIB,
	.about = "PCI functions whose configuration space is the input");
