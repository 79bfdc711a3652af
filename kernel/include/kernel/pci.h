/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI: functions, their configuration space, base addresses, capabilities and MSI-X. PCI Local Bus Specification 3.0,
 * chapter 6; PCI Express Base Specification 3.0, 7.2 (ECAM).
 */
#pragma once

#include <kernel/device.h>
#include <kernel/irq.h>
#include <kernel/regs.h>

/* Offsets in configuration space. */
#define PCI_VENDOR 0x00
#define PCI_DEVICE 0x02
#define PCI_COMMAND 0x04
#define PCI_STATUS 0x06
#define PCI_REVISION 0x08
#define PCI_CLASS 0x09		/* three bytes: interface, subclass, class */
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR(n) (0x10 + 4 * (n))
#define PCI_SUBSYSTEM 0x2e
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN 0x3d
#define PCI_SECONDARY_BUS 0x19	/* of bridges */

#define PCI_COMMAND_IO 0x1u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_NO_INTX 0x400u
#define PCI_STATUS_CAPABILITIES 0x10u

#define PCI_CAP_MSI 0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX 0x11

#define PCI_BARS 6
#define PCI_MSIX_MAX 2048

/* How configuration space is reached. bytes: 1, 2 or 4; offset is a multiple of it, below 4096. */
struct pci_host {
	uint32_t (*read)(const struct pci_host *host, unsigned function, unsigned offset, unsigned bytes);
	void (*write)(const struct pci_host *host, unsigned function, unsigned offset, unsigned bytes, uint32_t value);
	/* A window onto memory that the bus decodes. NULL: regs_map(). */
	int (*map)(const struct pci_host *host, struct regs *regs, uint64_t address, size_t size);
	/* NULL: the machine's messages. */
	int (*message)(const struct pci_host *host, irq_handler_t *handler, void *arg, struct irq_message *message);
	/* NULL: the machine's lines. */
	int (*line)(const struct pci_host *host, unsigned line, irq_handler_t *handler, void *arg);
	unsigned buses;			/* it has [0, buses) */
	void *data;
};

/* bus, device and function as one number, as configuration space counts. */
#define PCI_FUNCTION(bus, device, function) ((unsigned)(bus) << 8 | (unsigned)(device) << 3 | (unsigned)(function))

struct pci_bar {
	uint64_t address;
	uint64_t size;			/* 0: there is none */
	bool is_io;
};

struct pci_driver;

struct pci_device {
	struct device device;
	const struct pci_host *host;
	unsigned function;
	uint16_t vendor, id;
	uint32_t class;			/* class << 16 | subclass << 8 | interface */
	struct pci_bar bars[PCI_BARS];
	const struct pci_driver *driver;
	void *data;			/* the driver's */
	/* MSI-X, once pci_msix_enable() has found it. */
	struct regs msix_table;
	unsigned msix_count, msix_capability;
	struct list node;		/* on the list of PCI functions */
};

/* Registers with DRIVER(pci, ...). */
struct pci_driver {
	const char *name;
	bool (*matches)(const struct pci_device *device);
	/* Makes it work. On an error nothing of it is left. */
	int (*probe)(struct pci_device *device);
	void (*remove)(struct pci_device *device);
};

uint32_t pci_read(const struct pci_device *device, unsigned offset, unsigned bytes);
void pci_write(const struct pci_device *device, unsigned offset, unsigned bytes, uint32_t value);

#define PCI_CAPABILITIES_MAX 48	/* 192 bytes of them, 4 each */

/*
 * The first capability of that kind behind offset after (0: of all); 0: there is none. Ends for any content; who asks
 * for one after the other stops at PCI_CAPABILITIES_MAX, as the list may loop.
 */
unsigned pci_capability(const struct pci_device *device, uint8_t kind, unsigned after);

/* Maps [offset, offset + size) of a base address's memory. -EINVAL: it has no such part. -ENOMEM. */
int pci_map(const struct pci_device *device, unsigned bar, uint64_t offset, uint64_t size, struct regs *regs);
void pci_enable(const struct pci_device *device);
void pci_disable(const struct pci_device *device);

/* Makes the function send messages, all masked yet. -ENODEV: it cannot; -EINVAL: it says so, but makes no sense. */
int pci_msix_enable(struct pci_device *device);
void pci_msix_disable(struct pci_device *device);
/* Has handler(arg) called for one of its messages. The result is irq_release()'s. */
int pci_msix_set(struct pci_device *device, unsigned index, irq_handler_t *handler, void *arg) MUST_CHECK;

/*
 * Has handler(arg) called for its line, which other functions may share; for those that send no messages. The result is
 * pci_intx_release()'s. -ENODEV: firmware has given it none.
 */
int pci_intx_set(struct pci_device *device, irq_handler_t *handler, void *arg) MUST_CHECK;
void pci_intx_release(struct pci_device *device, int irq);

/* Finds all functions of a host and their drivers. -ENOMEM. */
int pci_scan(const struct pci_host *host);
/* Takes away those of a host. */
void pci_remove_all(const struct pci_host *host);
