/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An 82540EM that does what a script says. Where that says nothing it is as the manual wants it.
 */
#include <kernel/fake.h>

#include <kernel/log.h>
#include <kernel/string.h>

#include "../e1000_regs.h"

static uint32_t *ring_register(struct fake_e1000_ring *ring, size_t offset)
{
	switch (offset) {
	case RING_LEN: return &ring->len;
	case RING_HEAD: return &ring->head;
	case RING_TAIL: return &ring->tail;
	default: return NULL;
	}
}

static uint32_t *register_at(struct fake_e1000 *fake, size_t offset)
{
	switch (offset) {
	case REG_CTRL: return &fake->ctrl;
	case REG_STATUS: return &fake->status;
	case REG_RCTL: return &fake->rctl;
	case REG_TCTL: return &fake->tctl;
	case REG_RAL0: return &fake->ral;
	case REG_RAH0: return &fake->rah;
	default: break;
	}
	if (offset - REG_RX_RING <= RING_TAIL)
		return ring_register(&fake->rx, offset - REG_RX_RING);
	if (offset - REG_TX_RING <= RING_TAIL)
		return ring_register(&fake->tx, offset - REG_TX_RING);
	return NULL;
}

static uint64_t fake_read(const struct regs *regs, size_t offset, unsigned bytes UNUSED)
{
	struct fake_e1000 *fake = (struct fake_e1000 *)regs->base;
	const uint32_t *at = register_at(fake, offset);
	uint64_t value;

	if (fake_lie(fake->overrides, offset, &value))
		return value;
	if (offset == REG_ICR) {
		value = fake->icr;
		fake->icr = 0;
		return value;
	}
	return at ? *at : 0;
}

static void set_base(struct fake_e1000_ring *ring, size_t offset, uint64_t value)
{
	if (offset == RING_BASE_LOW)
		ring->base = (ring->base & ~UINT64_C(0xffffffff)) | value;
	else
		ring->base = (uint32_t)ring->base | value << 32;
}

static void fake_write(const struct regs *regs, size_t offset, unsigned bytes UNUSED, uint64_t value)
{
	struct fake_e1000 *fake = (struct fake_e1000 *)regs->base;
	uint32_t *at = register_at(fake, offset);

	if (offset - REG_RX_RING <= RING_BASE_HIGH)
		set_base(&fake->rx, offset - REG_RX_RING, value);
	else if (offset - REG_TX_RING <= RING_BASE_HIGH)
		set_base(&fake->tx, offset - REG_TX_RING, value);
	else if (offset == REG_IMS)
		fake->ims |= (uint32_t)value;
	else if (offset == REG_IMC)
		fake->ims &= ~(uint32_t)value;
	else if (at && offset != REG_STATUS)
		*at = (uint32_t)value;
	if (offset != REG_CTRL || !(value & CTRL_RESET))
		return;
	fake->ctrl &= ~CTRL_RESET;
	fake->rctl = fake->tctl = fake->ims = fake->icr = 0;
}

static const struct regs_ops ops = { fake_read, fake_write };

/* ---- rings ---- */

/* The descriptor at its head; NULL: it has none. */
static void *next_desc(struct fake_e1000_ring *ring, bool enabled)
{
	uint32_t count = ring->len / sizeof(struct e1000_rx_desc);

	if (!enabled || !count || ring->head >= count || ring->head == ring->tail)
		return NULL;
	return fake_memory(ring->base + ring->head * sizeof(struct e1000_rx_desc), sizeof(struct e1000_rx_desc));
}

static void advance(struct fake_e1000_ring *ring)
{
	ring->head = (ring->head + 1) % (ring->len / (uint32_t)sizeof(struct e1000_rx_desc));
}

bool fake_e1000_deliver(struct fake_e1000 *fake, const void *frame, uint16_t len, uint8_t status, uint8_t errors)
{
	struct e1000_rx_desc *desc = next_desc(&fake->rx, fake->rctl & RCTL_ENABLE);
	void *to = desc ? fake_memory(desc->address, 2048) : NULL;

	if (!desc)
		return false;
	if (!to && !fake->scribbled)
		panic("the driver gave a buffer that is no memory");
	if (!fake->scribbled)
		memcpy(to, frame, min((size_t)len, (size_t)2048));
	desc->len = len;
	desc->errors = errors;
	__atomic_store_n(&desc->status, status ? status : RX_DONE | RX_LAST, __ATOMIC_RELEASE);
	advance(&fake->rx);
	return true;
}

size_t fake_e1000_sent(struct fake_e1000 *fake, void *frame, size_t size)
{
	struct e1000_tx_desc *desc;
	size_t len = 0;
	bool last = false;

	while (!last && (desc = next_desc(&fake->tx, fake->tctl & TCTL_ENABLE))) {
		const void *from = fake_memory(desc->address, desc->len);

		if (!from && !fake->scribbled)
			panic("the driver sends what is no memory");
		/* After a scribble the address may be anybody's memory. */
		if (!fake->scribbled && len < size)
			memcpy((char *)frame + len, from, min((size_t)desc->len, size - len));
		len += desc->len;
		last = desc->command & TX_LAST;
		if (desc->command & TX_REPORT)
			__atomic_store_n(&desc->status, TX_DONE, __ATOMIC_RELEASE);
		advance(&fake->tx);
	}
	return len;
}

void fake_e1000_interrupt(struct fake_e1000 *fake, uint32_t causes)
{
	fake->icr |= causes;
	if (fake->icr & fake->ims)
		fake_pci_interrupt(&fake->pci, 0);
}

/* ---- coming and going ---- */

int fake_e1000_attach(struct fake_e1000 *fake, struct script *script)
{
	struct fake_function *f;

	memset(fake, 0, sizeof(*fake));
	fake->ral = 0x12005452;
	fake->rah = RAH_VALID | 0x5634;
	fake->status = STATUS_LINK_UP;
	fake_pci_init(&fake->pci, 1, NULL);
	f = &fake->pci.functions[0];
	f->registers = (struct regs){ &ops, (uintptr_t)fake, REGS_SIZE };
	fake_pci_put(f, PCI_VENDOR, 2, E1000_VENDOR);
	fake_pci_put(f, PCI_DEVICE, 2, E1000_82540EM);
	fake_pci_put(f, PCI_CLASS, 2, 0x0000);
	fake_pci_put(f, PCI_INTERRUPT_LINE, 2, 0x010b);
	fake_pci_bar_size(f, 0, FAKE_PCI_BAR_STRIDE);
	for (unsigned lies = script ? (unsigned)script_take(script, 1) % 8 : 0; lies; lies--)
		fake_lies_more(fake->overrides, script);
	return pci_scan(&fake->pci.host);
}

void fake_e1000_detach(struct fake_e1000 *fake)
{
	pci_remove_all(&fake->pci.host);
}

/* ---- steps ---- */

enum { STEP_DELIVER, STEP_SENT, STEP_INTERRUPT, STEP_LIE, STEP_SCRIBBLE, STEP_STATUS, STEPS };

static void step_deliver(struct fake_e1000 *fake, struct script *script)
{
	uint16_t len = (uint16_t)script_take(script, 2);
	uint8_t status = (uint8_t)script_take(script, 1), errors = (uint8_t)script_take(script, 1);
	static uint8_t frame[2048];

	script_bytes(script, frame, min((size_t)len, (size_t)64));
	fake_e1000_deliver(fake, frame, len, status, errors);
	fake_e1000_interrupt(fake, ICR_RX);
}

/* Bytes anywhere in a ring, which the driver shares. */
static void step_scribble(struct fake_e1000 *fake, struct script *script)
{
	struct fake_e1000_ring *ring = script_take(script, 1) & 1 ? &fake->tx : &fake->rx;
	size_t offset = (size_t)script_take(script, 2), len = (size_t)script_take(script, 1) % 17;
	uint8_t *base = ring->len ? fake_memory(ring->base, ring->len) : NULL;

	if (!base)
		return;
	offset %= ring->len;
	script_bytes(script, base + offset, min(len, ring->len - offset));
	fake->scribbled = true;
}

void fake_e1000_step(struct fake_e1000 *fake, struct script *script)
{
	static uint8_t frame[128];

	switch (script_take(script, 1) % STEPS) {
	case STEP_DELIVER: step_deliver(fake, script); break;
	case STEP_SENT:
		fake_e1000_sent(fake, frame, sizeof(frame));
		fake_e1000_interrupt(fake, ICR_TX_DONE);
		break;
	case STEP_INTERRUPT: fake_e1000_interrupt(fake, (uint32_t)script_take(script, 4)); break;
	case STEP_LIE: fake_lies_more(fake->overrides, script); break;
	case STEP_SCRIBBLE: step_scribble(fake, script); break;
	default: fake->status = (uint32_t)script_take(script, 1); fake_e1000_interrupt(fake, ICR_LINK);
	}
}
