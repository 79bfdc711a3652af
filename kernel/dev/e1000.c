/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intel 82540EM network controller, as QEMU's "e1000" is one: PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual, with legacy descriptors (3.2.3, 3.3.3) and one interrupt line. Nothing that the controller writes
 * into a ring is used for more than "is it done" and a length: addresses and who owns what are kept in memory of our
 * own.
 */
#include <kernel/pci.h>

#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/netdev.h>
#include <kernel/page.h>
#include <kernel/random.h>
#include <kernel/string.h>

#include "e1000_regs.h"

#define RX_SIZE 32u
#define TX_SIZE 128u	/* more than the pieces of any frame */
#define BUFFER_SIZE 2048u	/* as RCTL says */
#define FRAME_MIN 14u
#define MTU 1500
#define RESET_STEP_NS (50 * NSEC_PER_USEC)
#define RESET_STEPS 8		/* each twice as long as the one before */

#define CAUSES_ALWAYS (ICR_LINK | ICR_RX_LOW | ICR_RX_OVERRUN | ICR_RX)

/* Both rings are one page: what the controller sees. */
struct rings {
	struct e1000_rx_desc rx[RX_SIZE];
	struct e1000_tx_desc tx[TX_SIZE];
};

struct e1000 {
	struct netdev netdev;
	struct pci_device *pci;
	struct regs regs;
	struct page *page;
	struct rings *rings;
	struct net_buffer *rx_buffers[RX_SIZE];
	unsigned rx_next;		/* the next that the controller fills */
	struct {
		void *cookie;		/* of a frame's first descriptor */
		unsigned count;		/* and how many it has */
	} tx_frames[TX_SIZE];
	unsigned tx_next, tx_oldest;	/* where the next frame goes; the oldest that is not done */
	unsigned tx_told;		/* what the controller knows of tx_next */
	bool tx_full;			/* a frame found no room: its sender is to be told of some */
	bool look;			/* at the link; atomic */
	bool broken;			/* atomic */
	int irq;
};

static uint32_t reg(const struct e1000 *e, size_t offset)
{
	return regs_read32(&e->regs, offset);
}

static void set_reg(const struct e1000 *e, size_t offset, uint32_t value)
{
	regs_write32(&e->regs, offset, value);
}

/* It writes no memory from here on. Any context. */
static void stop(struct e1000 *e)
{
	atomic_store(&e->broken, true);
	set_reg(e, REG_IMC, UINT32_MAX);
	set_reg(e, REG_RCTL, 0);
	set_reg(e, REG_TCTL, 0);
	set_reg(e, REG_CTRL, CTRL_RESET);
	pci_disable(e->pci);
}

#define e1000_offence(e, ...)                                                                                          \
	do {                                                                                                           \
		device_offence(&(e)->pci->device, __VA_ARGS__);                                                        \
		stop(e);                                                                                               \
	} while (0)

/* ---- in ---- */

/* Gives the controller a buffer to fill, at a place of the ring that is not its own. */
static void put_buffer(struct e1000 *e, unsigned n, struct net_buffer *buffer)
{
	struct e1000_rx_desc *desc = &e->rings->rx[n];

	e->rx_buffers[n] = buffer;
	*desc = (struct e1000_rx_desc){ .address = arch_virt_to_phys(net_buffer_start(buffer)) };
}

/* What came in a descriptor that is done. */
static void take_frame(struct e1000 *e, unsigned n, uint8_t status)
{
	const struct e1000_rx_desc *desc = &e->rings->rx[n];
	uint16_t len = __atomic_load_n(&desc->len, __ATOMIC_RELAXED);
	uint8_t errors = __atomic_load_n(&desc->errors, __ATOMIC_RELAXED);
	struct net_buffer *frame = e->rx_buffers[n], *next;

	/* Frames that take more than one buffer are not asked for (RCTL.LPE). */
	if (!(status & RX_LAST) || len > BUFFER_SIZE) {
		e1000_offence(e, "a frame of %u bytes%s", len, status & RX_LAST ? "" : " and more");
		return;
	}
	next = errors & RX_DAMAGED || len < FRAME_MIN ? NULL : net_buffer_alloc();
	if (!next) {
		put_buffer(e, n, frame);
		return;
	}
	put_buffer(e, n, next);
	frame->next = NULL;
	frame->data = net_buffer_start(frame);
	frame->len = len;
	netdev_receive(&e->netdev, frame,
		       (status & (RX_SUMS_IGNORED | RX_TCP_SUMMED)) == RX_TCP_SUMMED && !(errors & RX_TCP_WRONG)
			       ? NET_CHECKSUM_GOOD
			       : 0);
}

static unsigned receive(struct e1000 *e, unsigned budget)
{
	unsigned count = 0;

	while (count < budget && !atomic_load(&e->broken)) {
		unsigned n = e->rx_next;
		uint8_t status = __atomic_load_n(&e->rings->rx[n].status, __ATOMIC_ACQUIRE);

		if (!(status & RX_DONE))
			break;
		take_frame(e, n, status);
		e->rx_next = (n + 1) % RX_SIZE;
		count++;
	}
	/* One place stays empty: head and tail could not be told apart. */
	if (count) {
		memory_barrier();
		set_reg(e, REG_RDT, (e->rx_next + RX_SIZE - 1) % RX_SIZE);
	}
	return count;
}

/* ---- out ---- */

_Static_assert(NET_FRAME_SPANS < TX_SIZE, "an empty ring takes any frame");

static unsigned tx_room(const struct e1000 *e)
{
	return (e->tx_oldest + TX_SIZE - e->tx_next - 1) % TX_SIZE;
}

static void reclaim_sent(struct e1000 *e, bool all)
{
	while (e->tx_oldest != e->tx_next) {
		unsigned first = e->tx_oldest, count = e->tx_frames[first].count;
		const struct e1000_tx_desc *last = &e->rings->tx[(first + count - 1) % TX_SIZE];

		if (!all && !(__atomic_load_n(&last->status, __ATOMIC_ACQUIRE) & TX_DONE))
			return;
		e->tx_oldest = (first + count) % TX_SIZE;
		netdev_sent(&e->netdev, e->tx_frames[first].cookie);
	}
}

static int e1000_transmit(struct netdev *dev, const struct net_frame *frame)
{
	struct e1000 *e = dev->data;
	unsigned first = e->tx_next;

	if (atomic_load(&e->broken))
		return -EIO;
	if (tx_room(e) < frame->span_count)
		reclaim_sent(e, false);
	if (tx_room(e) < frame->span_count) {
		e->tx_full = true;
		set_reg(e, REG_IMS, ICR_TX_DONE);
		reclaim_sent(e, false);
		if (tx_room(e) < frame->span_count)
			return -ENOSPC;
	}
	for (unsigned i = 0; i < frame->span_count; i++) {
		bool last = i + 1 == frame->span_count;

		e->rings->tx[(first + i) % TX_SIZE] = (struct e1000_tx_desc){
			.address = arch_virt_to_phys(frame->spans[i].base),
			.len = (uint16_t)frame->spans[i].len,
			.command = (uint8_t)(TX_ADD_FCS | (last ? TX_LAST | TX_REPORT : 0)),
		};
	}
	e->tx_frames[first].cookie = frame->cookie;
	e->tx_frames[first].count = frame->span_count;
	e->tx_next = (first + frame->span_count) % TX_SIZE;
	return 0;
}

static void e1000_flush(struct netdev *dev)
{
	struct e1000 *e = dev->data;

	if (e->tx_told == e->tx_next || atomic_load(&e->broken))
		return;
	e->tx_told = e->tx_next;
	memory_barrier();
	set_reg(e, REG_TDT, e->tx_next);
}

/* ---- for the stack ---- */

static void e1000_drop(struct netdev *dev)
{
	struct e1000 *e = dev->data;

	for (unsigned i = 0; i < RX_SIZE; i++) {
		if (e->rx_buffers[i])
			net_buffer_free(e->rx_buffers[i]);
		e->rx_buffers[i] = NULL;
	}
	reclaim_sent(e, true);
}

static void set_link(struct e1000 *e, bool up)
{
	if (e->netdev.link_up == up)
		return;
	e->netdev.link_up = up;
	netdev_changed(&e->netdev);
}

static bool e1000_poll(struct netdev *dev, unsigned budget)
{
	struct e1000 *e = dev->data;
	unsigned count;

	if (atomic_exchange(&e->look, false))
		set_link(e, reg(e, REG_STATUS) & STATUS_LINK_UP);
	reclaim_sent(e, false);
	count = receive(e, budget);
	if (e->tx_full) {
		e->tx_full = false;
		netdev_writable(dev);
	}
	if (atomic_load(&e->broken)) {
		e1000_drop(dev);
		set_link(e, false);
		return false;
	}
	if (count == budget)
		return true;
	/* What has happened in between interrupts at once. */
	set_reg(e, REG_IMS, CAUSES_ALWAYS | (e->tx_full ? ICR_TX_DONE : 0));
	return false;
}

static const struct netdev_ops e1000_ops = { e1000_transmit, e1000_flush, e1000_poll, e1000_drop };

static void interrupted(void *arg)
{
	struct e1000 *e = arg;
	uint32_t causes = reg(e, REG_ICR); /* and takes them back */

	/* The line is shared. */
	if (!causes || atomic_load(&e->broken))
		return;
	set_reg(e, REG_IMC, UINT32_MAX);
	if (causes & ICR_LINK)
		atomic_store(&e->look, true);
	netdev_schedule(&e->netdev);
}

/* ---- coming and going ---- */

/* 14.3: what it did stops, and registers are what the EEPROM says. */
static int reset(struct e1000 *e)
{
	set_reg(e, REG_IMC, UINT32_MAX);
	set_reg(e, REG_CTRL, reg(e, REG_CTRL) | CTRL_RESET);
	for (unsigned i = 0; i < RESET_STEPS; i++) {
		if (clock_sleep_until(clock_ns() + (RESET_STEP_NS << i)))
			return -EINTR;
		if (!(reg(e, REG_CTRL) & CTRL_RESET)) {
			set_reg(e, REG_IMC, UINT32_MAX);
			return 0;
		}
	}
	return -EIO;
}

static void read_address(struct e1000 *e)
{
	uint32_t low = reg(e, REG_RAL0), high = reg(e, REG_RAH0);
	uint8_t *address = e->netdev.address;

	memcpy(address, &low, 4);
	memcpy(address + 4, &high, 2);
	/* None, or a group's. */
	if (!(high & RAH_VALID) || address[0] & 1 || !(low | (high & 0xffff))) {
		random_bytes(address, sizeof(e->netdev.address));
		address[0] = (address[0] & 0xfc) | 2;
		memcpy(&low, address, 4);
		memcpy(&high, address + 4, 2);
		set_reg(e, REG_RAL0, low);
		set_reg(e, REG_RAH0, (high & 0xffff) | RAH_VALID);
	}
}

static int make_rings(struct e1000 *e)
{
	_Static_assert(sizeof(struct rings) <= PAGE_SIZE, "both rings are a page");
	e->page = page_alloc_zeroed(0);
	if (!e->page)
		return -ENOMEM;
	e->rings = page_virt(e->page);
	for (unsigned i = 0; i < RX_SIZE; i++) {
		struct net_buffer *buffer = net_buffer_alloc();

		if (!buffer)
			return -ENOMEM;
		put_buffer(e, i, buffer);
	}
	return 0;
}

static void start_ring(struct e1000 *e, size_t base, const void *ring, uint32_t size, uint32_t tail)
{
	phys_t phys = arch_virt_to_phys(ring);

	set_reg(e, base + RING_BASE_LOW, (uint32_t)phys);
	set_reg(e, base + RING_BASE_HIGH, (uint32_t)(phys >> 32));
	set_reg(e, base + RING_LEN, size * (uint32_t)sizeof(struct e1000_rx_desc));
	set_reg(e, base + RING_HEAD, 0);
	set_reg(e, base + RING_TAIL, tail);
}

/* 14.4 and 14.5. All groups' frames are taken, as the stack says which it wants. */
static void start(struct e1000 *e)
{
	set_reg(e, REG_CTRL, (reg(e, REG_CTRL) | CTRL_LINK_UP | CTRL_AUTO_SPEED) & ~CTRL_RESETS);
	for (size_t i = 0; i < MTA_WORDS; i++)
		set_reg(e, REG_MTA + 4 * i, 0);
	set_reg(e, REG_RXCSUM, RXCSUM_TCP);
	start_ring(e, REG_RX_RING, e->rings->rx, RX_SIZE, RX_SIZE - 1);
	start_ring(e, REG_TX_RING, e->rings->tx, TX_SIZE, 0);
	set_reg(e, REG_TIPG, TIPG_COPPER);
	set_reg(e, REG_TCTL, TCTL_ENABLE | TCTL_PAD | TCTL_RETRIES | TCTL_FULL_DUPLEX);
	set_reg(e, REG_RCTL, RCTL_ENABLE | RCTL_GROUPS | RCTL_BROADCAST | RCTL_STRIP_FCS);
	e->netdev.link_up = reg(e, REG_STATUS) & STATUS_LINK_UP;
}

static void e1000_free(struct e1000 *e)
{
	for (unsigned i = 0; i < RX_SIZE; i++)
		if (e->rx_buffers[i])
			net_buffer_free(e->rx_buffers[i]);
	if (e->page)
		page_free(e->page, 0);
	heap_free(e);
}

static int e1000_probe(struct pci_device *pci)
{
	struct e1000 *e = heap_zalloc(sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->pci = pci;
	pci->data = e;
	e->netdev.ops = &e1000_ops;
	e->netdev.data = e;
	e->netdev.mtu = MTU;
	pci_enable(pci);
	err = pci_map(pci, 0, 0, REGS_SIZE, &e->regs);
	if (!err)
		err = reset(e);
	if (!err)
		err = make_rings(e);
	if (err)
		goto err_device;
	read_address(e);
	start(e);
	err = e->irq = pci_intx_set(pci, interrupted, e);
	if (err < 0)
		goto err_device;
	err = netdev_add(&e->netdev);
	if (err)
		goto err_irq;
	netdev_schedule(&e->netdev);
	return 0;

err_irq:
	pci_intx_release(pci, e->irq);
err_device:
	stop(e);
	e1000_free(e);
	return err;
}

static void e1000_remove(struct pci_device *pci)
{
	struct e1000 *e = pci->data;

	stop(e);
	pci_intx_release(pci, e->irq);
	netdev_remove(&e->netdev);
	e1000_free(e);
}

static bool e1000_matches(const struct pci_device *pci)
{
	return pci->vendor == E1000_VENDOR && pci->id == E1000_82540EM;
}

static const struct pci_driver e1000_driver = {
	.name = "e1000",
	.matches = e1000_matches,
	.probe = e1000_probe,
	.remove = e1000_remove,
};
DRIVER(pci, e1000_driver);
