/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that do what a script says (kernel/dev/fake/): for harnesses, in which the input is the device, and for unit
 * tests. They stand behind the same doors as real ones: windows of registers (kernel/regs.h), configuration space
 * (struct pci_host), interrupts, and memory that the driver gave them.
 */
#pragma once

#include <kernel/pci.h>
#include <kernel/virtio.h>

/* ---- scripts ---- */

/* Bytes to decide by. Past its end a script is all zeros. */
struct script {
	const uint8_t *data;
	size_t size, at;
};

static inline struct script script_open(const uint8_t *data, size_t size)
{
	return (struct script){ data, size, 0 };
}
static inline bool script_done(const struct script *script)
{
	return script->at >= script->size;
}
uint64_t script_take(struct script *script, unsigned bytes); /* little-endian, at most 8 */
void script_bytes(struct script *script, void *to, size_t len);

#define FAKE_OVERRIDES 4

/* A lie: what reads of a register say instead. */
struct fake_override {
	uint32_t offset, value;
	uint8_t honest;			/* reads that are answered as they should be first */
	uint8_t left;			/* and then so many that are not */
};
/* One more, as a script says; of FAKE_OVERRIDES. */
void fake_lies_more(struct fake_override *overrides, struct script *script);
/* True: the register reads as *value, this time. */
bool fake_lie(struct fake_override *overrides, size_t offset, uint64_t *value);

/* Memory that the driver told a device of, len bytes; NULL: some of it is none. */
void *fake_memory(uint64_t phys, size_t len);

/* ---- virtio ---- */

#define FAKE_CONFIG 64
#define FAKE_QUEUES 8
#define FAKE_QUEUE_SIZES 4	/* that a script tells, for all in turn */

/* One device, behind registers of the MMIO transport. What a driver may see of it is what these fields say. */
struct fake_virtio {
	struct regs regs;
	struct virtio_device *virtio;	/* the driver's side; NULL: it did not take the device */
	uint32_t id;
	uint64_t features;
	unsigned queue_max[FAKE_QUEUES];
	uint8_t config[FAKE_CONFIG];
	/* Its state. */
	uint32_t status, interrupt, generation;
	uint32_t features_sel, driver_features_sel, queue_sel;
	uint64_t driver_features;
	struct fake_queue {
		uint32_t size, ready;
		uint64_t desc, driver, device;
		uint16_t avail_next, used_next;
		unsigned notified;
	} queues[FAKE_QUEUES];
	/* The driver rang a queue's bell; interrupts may be off. NULL: only counted. */
	void (*rung)(struct fake_virtio *fake, unsigned queue);
	/*
	 * It wrote where only the driver may, or gave back what it still has: from then on it writes into no buffer, as
	 * it could be anybody's.
	 */
	bool scribbled;
	struct fake_override overrides[FAKE_OVERRIDES];
};

/*
 * Makes one as the beginning of a script says (features, queue sizes, configuration), and offers it to the drivers.
 * 0, or what virtio_mmio_add() says; it is to be detached in any case.
 */
int fake_virtio_attach(struct fake_virtio *fake, uint32_t id, struct script *script);
/* The same for a device whose fields the caller has set. */
int fake_virtio_add(struct fake_virtio *fake);
/* What the script says next: something written, used, interrupted, lied. */
void fake_virtio_step(struct fake_virtio *fake, struct script *script);
void fake_virtio_detach(struct fake_virtio *fake);

#define FAKE_CHAIN 72	/* descriptors of a chain; a frame of all spans has one more */

/* A chain that the driver has made available, as a device reads it. */
struct fake_chain {
	uint16_t head;
	unsigned out, in;		/* descriptors */
	struct {
		uint8_t *base;		/* NULL: an address that is no memory */
		uint32_t len;
	} spans[FAKE_CHAIN];
};
/* The next one of a queue, if there is any; what the driver wrote must make sense: it panics otherwise. */
bool fake_queue_next(struct fake_virtio *fake, unsigned queue, struct fake_chain *chain);
void fake_queue_use(struct fake_virtio *fake, unsigned queue, uint32_t id, uint32_t len);
/* Sets bits of the interrupt's cause, and interrupts. */
void fake_virtio_interrupt(struct fake_virtio *fake, uint32_t cause);

/* ---- PCI ---- */

#define FAKE_PCI_FUNCTIONS 4
#define FAKE_PCI_BAR_SIZE 4096		/* as a base address tells, unless fake_pci_bar_size() says otherwise */
#define FAKE_PCI_BAR_STRIDE (128 * KIB)	/* from one to the next */
#define FAKE_PCI_MEMORY 256		/* bytes behind a base address, which repeat */
#define FAKE_PCI_MESSAGES 64
#define FAKE_PCI_WINDOWS 32

/* A bus with a few functions, whose configuration spaces and memory are bytes that can be anything. */
struct fake_pci {
	struct pci_host host;
	unsigned count;
	struct fake_override overrides[FAKE_OVERRIDES];	/* of all memory, by offset */
	struct fake_window {
		struct fake_pci *pci;
		uint8_t *memory;
		size_t offset;
	} windows[FAKE_PCI_WINDOWS];
	unsigned window_count;
	irq_handler_t *handlers[FAKE_PCI_MESSAGES];
	void *handler_args[FAKE_PCI_MESSAGES];
	unsigned handler_count;
	struct fake_function {
		uint8_t space[256];
		uint8_t writable[256];	/* bits that a write changes */
		uint8_t memory[PCI_BARS][FAKE_PCI_MEMORY];
		struct regs registers;	/* with ops: what is behind base address 0 instead */
	} functions[FAKE_PCI_FUNCTIONS];
};

/* Functions as a script says; NULL: plain ones without anything in their memory. */
void fake_pci_init(struct fake_pci *fake, unsigned functions, struct script *script);
/* size: a power of two, at most FAKE_PCI_BAR_STRIDE. Before the bus is scanned. */
void fake_pci_bar_size(struct fake_function *function, unsigned bar, uint32_t size);
/* Bytes of configuration space, little-endian. */
void fake_pci_put(struct fake_function *function, unsigned offset, unsigned bytes, uint32_t value);
/* Sends a message, or raises a line, in the order in which they were set up. */
void fake_pci_interrupt(struct fake_pci *fake, unsigned message);

/* ---- NVMe ---- */

#define FAKE_NVME_QUEUES 2

/* A controller with one namespace, alone on its bus. What it answers is the caller's to say. */
struct fake_nvme {
	struct fake_pci pci;
	uint64_t cap, asq, acq;
	uint32_t cc, csts, aqa;
	struct fake_nvme_queue {
		uint64_t submissions, completions;
		unsigned size;		/* of both; 0: not made */
		unsigned head, tail;	/* of the submissions; tail is the driver's */
		unsigned next;		/* completion */
		bool phase;
		bool scribbled;		/* completed what it still has: it writes into no buffer any more */
	} queues[FAKE_NVME_QUEUES];
	uint64_t blocks;		/* of the namespace */
	uint8_t block_shift;
	struct fake_override overrides[FAKE_OVERRIDES];
};

/* Makes one as the beginning of a script says (NULL: a plain one), and has its bus scanned. */
int fake_nvme_attach(struct fake_nvme *fake, struct script *script);
void fake_nvme_detach(struct fake_nvme *fake);
/*
 * Does the next command of a queue, if there is one; data that it gives is of one byte's pattern. status: of the
 * completion. An address that is no memory is a bug of the driver: a panic.
 */
bool fake_nvme_answer(struct fake_nvme *fake, unsigned queue, uint8_t pattern, uint16_t status);
/* Does what the script says next: answers, completes what nobody asked for, interrupts, lies. */
void fake_nvme_step(struct fake_nvme *fake, struct script *script);

/* ---- e1000 ---- */

/* A controller alone on its bus. */
struct fake_e1000 {
	struct fake_pci pci;
	uint32_t ctrl, status, icr, ims, rctl, tctl, ral, rah;
	struct fake_e1000_ring {
		uint64_t base;
		uint32_t len, head, tail;
	} rx, tx;
	bool scribbled;			/* it said to be done with what it still has */
	struct fake_override overrides[FAKE_OVERRIDES];
};

int fake_e1000_attach(struct fake_e1000 *fake, struct script *script);
void fake_e1000_detach(struct fake_e1000 *fake);
/* A frame into the next buffer, if it has one. status 0: as should be. */
bool fake_e1000_deliver(struct fake_e1000 *fake, const void *frame, uint16_t len, uint8_t status, uint8_t errors);
/* The next that the driver sends, put together; its length, 0: there is none. */
size_t fake_e1000_sent(struct fake_e1000 *fake, void *frame, size_t size);
/* Sets causes, and interrupts when one of them is wanted. */
void fake_e1000_interrupt(struct fake_e1000 *fake, uint32_t causes);
/* Does what the script says next. */
void fake_e1000_step(struct fake_e1000 *fake, struct script *script);
