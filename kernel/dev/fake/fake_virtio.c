/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio device behind the registers of the MMIO transport. Where its script says nothing it keeps to VIRTIO 1.2, so
 * that drivers get far; and it checks what the driver does: an address that is no memory is a bug of ours.
 */
#include <kernel/fake.h>

#include <kernel/crash.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>
#include <kernel/virtio_mmio.h>

#define QUEUE_MAX 16	/* as scripts say */

#define DESC_NEXT 1u
#define DESC_WRITE 2u

struct vring_desc {
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};

struct vring_used {
	uint32_t id, len;
};

/* ---- the driver's memory ---- */

void *fake_memory(uint64_t phys, size_t len)
{
	for (uint64_t page = align_down(phys, PAGE_SIZE); page < phys + len; page += PAGE_SIZE)
		if (!page_from_phys(page))
			return NULL;
	return phys + len < phys ? NULL : arch_phys_to_virt(phys);
}

/* The rings, or NULL: the queue is not in use. */
static struct fake_queue *queue_at(struct fake_virtio *fake, unsigned n)
{
	struct fake_queue *q = n < FAKE_QUEUES ? &fake->queues[n] : NULL;

	return q && q->ready && (fake->status & VIRTIO_STATUS_DRIVER_OK) ? q : NULL;
}

static uint16_t *avail_of(const struct fake_queue *q)
{
	return fake_memory(q->driver, (3 + q->size) * sizeof(uint16_t));
}

static uint16_t *used_of(const struct fake_queue *q)
{
	return fake_memory(q->device, 3 * sizeof(uint16_t) + q->size * sizeof(struct vring_used));
}

/* What is wrong with a chain that the driver has made; NULL: nothing. */
static const char *read_chain(const struct fake_queue *q, uint16_t head, struct fake_chain *chain)
{
	const struct vring_desc *descs = fake_memory(q->desc, q->size * sizeof(*descs)), *desc;
	uint16_t at = head;

	*chain = (struct fake_chain){ .head = head };
	do {
		unsigned n = chain->out + chain->in;

		if (at >= q->size)
			return "a descriptor that the table has not";
		if (n >= array_size(chain->spans))
			return "a chain that is too long, or has no end";
		desc = &descs[at];
		chain->spans[n].base = fake_memory(desc->address, desc->len);
		chain->spans[n].len = desc->len;
		if (!chain->spans[n].base)
			return "an address that is no memory";
		if (!(desc->flags & DESC_WRITE) && chain->in)
			return "something to read after something to write";
		chain->in += (desc->flags & DESC_WRITE) != 0;
		chain->out += !(desc->flags & DESC_WRITE);
		at = desc->next;
	} while (desc->flags & DESC_NEXT);
	return NULL;
}

/* It wants to be told of the next one too, where the driver asks from which on (VIRTIO 1.2, 2.7.10). */
static void want_next(const struct fake_queue *q)
{
	uint16_t *used = used_of(q);

	if (used)
		*(uint16_t *)((struct vring_used *)(used + 2) + q->size) = q->avail_next;
}

bool fake_queue_next(struct fake_virtio *fake, unsigned n, struct fake_chain *chain)
{
	struct fake_queue *q = queue_at(fake, n);
	const uint16_t *avail = q ? avail_of(q) : NULL;
	const char *wrong;

	if (!avail || __atomic_load_n(&avail[1], __ATOMIC_ACQUIRE) == q->avail_next)
		return false;
	wrong = read_chain(q, avail[2 + q->avail_next % q->size], chain);
	q->avail_next++;
	want_next(q);
	if (wrong && !fake->scribbled)
		panic("the driver gave queue %u %s", n, wrong);
	return !wrong;
}

void fake_queue_use(struct fake_virtio *fake, unsigned n, uint32_t id, uint32_t len)
{
	struct fake_queue *q = queue_at(fake, n);
	uint16_t *used = q ? used_of(q) : NULL;

	if (!used)
		return;
	((struct vring_used *)(used + 2))[q->used_next % q->size] = (struct vring_used){ id, len };
	q->used_next++;
	__atomic_store_n(&used[1], q->used_next, __ATOMIC_RELEASE);
}

/* ---- registers ---- */

static uint64_t *queue_address(struct fake_queue *q, size_t offset)
{
	switch (offset & ~(size_t)4) {
	case VIRTIO_MMIO_QUEUE_DESC: return &q->desc;
	case VIRTIO_MMIO_QUEUE_DRIVER: return &q->driver;
	case VIRTIO_MMIO_QUEUE_DEVICE: return &q->device;
	default: return NULL;
	}
}

static uint64_t honest_read(struct fake_virtio *fake, size_t offset)
{
	struct fake_queue *q = fake->queue_sel < FAKE_QUEUES ? &fake->queues[fake->queue_sel] : NULL;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC: return VIRTIO_MMIO_MAGIC_VALUE;
	case VIRTIO_MMIO_VERSION: return 2;
	case VIRTIO_MMIO_DEVICE_ID: return fake->id;
	case VIRTIO_MMIO_DEVICE_FEATURES: return fake->features_sel < 2 ? fake->features >> 32 * fake->features_sel : 0;
	case VIRTIO_MMIO_QUEUE_NUM_MAX: return q ? fake->queue_max[fake->queue_sel] : 0;
	case VIRTIO_MMIO_QUEUE_READY: return q ? q->ready : 0;
	case VIRTIO_MMIO_INTERRUPT_STATUS: return fake->interrupt;
	case VIRTIO_MMIO_STATUS: return fake->status;
	case VIRTIO_MMIO_CONFIG_GENERATION: return fake->generation;
	default: return 0;
	}
}

static uint64_t fake_read(const struct regs *regs, size_t offset, unsigned bytes)
{
	struct fake_virtio *fake = (struct fake_virtio *)regs->base;
	uint64_t value = 0;

	if (fake_lie(fake->overrides, offset, &value))
		return value;
	if (offset < VIRTIO_MMIO_CONFIG)
		return honest_read(fake, offset);
	if (offset - VIRTIO_MMIO_CONFIG + bytes <= FAKE_CONFIG)
		memcpy(&value, &fake->config[offset - VIRTIO_MMIO_CONFIG], bytes);
	return value;
}

static void set_status(struct fake_virtio *fake, uint32_t status)
{
	fake->status = status;
	if (status)
		return;
	memset(fake->queues, 0, sizeof(fake->queues));
	fake->interrupt = 0;
}

static void fake_write(const struct regs *regs, size_t offset, unsigned bytes UNUSED, uint64_t value)
{
	struct fake_virtio *fake = (struct fake_virtio *)regs->base;
	struct fake_queue *q = fake->queue_sel < FAKE_QUEUES ? &fake->queues[fake->queue_sel] : NULL;
	uint64_t *address = q ? queue_address(q, offset) : NULL;

	if (address) {
		unsigned shift = offset & 4 ? 32 : 0;

		*address = (*address & ~(UINT64_C(0xffffffff) << shift)) | (value & 0xffffffff) << shift;
		return;
	}
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL: fake->features_sel = (uint32_t)value; break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL: fake->driver_features_sel = (uint32_t)value; break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (fake->driver_features_sel < 2)
			fake->driver_features |= (value & 0xffffffff) << 32 * fake->driver_features_sel;
		break;
	case VIRTIO_MMIO_QUEUE_SEL: fake->queue_sel = (uint32_t)value; break;
	case VIRTIO_MMIO_QUEUE_NUM:
		if (q)
			q->size = (uint32_t)value;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		if (q)
			q->ready = (uint32_t)value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		if (value < FAKE_QUEUES)
			fake->queues[value].notified++;
		if (value < FAKE_QUEUES && fake->rung)
			fake->rung(fake, (unsigned)value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK: fake->interrupt &= ~(uint32_t)value; break;
	case VIRTIO_MMIO_STATUS: set_status(fake, (uint32_t)value); break;
	default: break;
	}
}

static const struct regs_ops fake_ops = { fake_read, fake_write };

/* ---- coming and going ---- */

int fake_virtio_add(struct fake_virtio *fake)
{
	fake->regs = (struct regs){ &fake_ops, (uintptr_t)fake, VIRTIO_MMIO_CONFIG + FAKE_CONFIG };
	return virtio_mmio_add(&fake->regs, VIRTIO_MMIO_NO_LINE, &fake->virtio);
}

/* Drivers fill queues, and full ones take long; but for one that is too large for any driver. */
static unsigned queue_size(unsigned wanted)
{
	return wanted > QUEUE_MAX && wanted != UINT16_MAX ? wanted % (QUEUE_MAX + 1) : wanted;
}

int fake_virtio_attach(struct fake_virtio *fake, uint32_t id, struct script *script)
{
	*fake = (struct fake_virtio){ .id = id };
	fake->features = script_take(script, 5) ^ VIRTIO_BIT(VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < FAKE_QUEUE_SIZES; i++)
		fake->queue_max[i] = queue_size((unsigned)script_take(script, 2) ^ 8);
	for (unsigned i = FAKE_QUEUE_SIZES; i < FAKE_QUEUES; i++)
		fake->queue_max[i] = fake->queue_max[i - FAKE_QUEUE_SIZES];
	script_bytes(script, fake->config, (size_t)script_take(script, 1) % FAKE_CONFIG);
	return fake_virtio_add(fake);
}

void fake_virtio_detach(struct fake_virtio *fake)
{
	if (fake->virtio)
		virtio_mmio_remove(fake->virtio);
	fake->virtio = NULL;
}

void fake_virtio_interrupt(struct fake_virtio *fake, uint32_t cause)
{
	unsigned long flags;

	fake->interrupt |= cause;
	if (!fake->virtio)
		return;
	flags = arch_irq_save();
	virtio_mmio_interrupt(fake->virtio);
	arch_irq_restore(flags);
}

/* ---- steps ---- */

enum { STEP_USE, STEP_USE_RAW, STEP_INTERRUPT, STEP_CONFIG, STEP_OVERRIDE, STEP_RING, STEP_STATUS, STEPS };

/* Takes a chain, writes some of the script into it, and gives it back with a length that may be a lie. */
static void step_use(struct fake_virtio *fake, struct script *script)
{
	unsigned n = (unsigned)script_take(script, 1) % FAKE_QUEUES;
	uint32_t len = (uint32_t)script_take(script, 2), written = 0;
	int32_t lie = (int8_t)script_take(script, 1);
	struct fake_chain chain;

	if (!fake_queue_next(fake, n, &chain))
		return;
	/* A device that writes anywhere in memory is beyond what a driver can do anything about. */
	for (unsigned i = chain.out; i < chain.out + chain.in && written < len && !fake->scribbled; i++) {
		uint32_t part = min(chain.spans[i].len, len - written);

		script_bytes(script, chain.spans[i].base, part);
		written += part;
	}
	fake_queue_use(fake, n, chain.head, written + (uint32_t)lie);
}

static void step_use_raw(struct fake_virtio *fake, struct script *script)
{
	unsigned n = (unsigned)script_take(script, 1) % FAKE_QUEUES;
	uint32_t id = (uint32_t)script_take(script, 4), len = (uint32_t)script_take(script, 4);

	fake_queue_use(fake, n, id, len);
	fake->scribbled = true;
}

/* Bytes anywhere in the rings that are the driver's to write, or ours. */
static void step_ring(struct fake_virtio *fake, struct script *script)
{
	struct fake_queue *q = queue_at(fake, (unsigned)script_take(script, 1) % FAKE_QUEUES);
	unsigned which = (unsigned)script_take(script, 1) % 3;
	size_t offset = (size_t)script_take(script, 2), len = (size_t)script_take(script, 1) % 16, size;
	uint8_t *base;

	if (!q)
		return;
	size = which == 0   ? q->size * sizeof(struct vring_desc)
	       : which == 1 ? (3 + q->size) * sizeof(uint16_t)
			    : 3 * sizeof(uint16_t) + q->size * sizeof(struct vring_used);
	base = fake_memory(which == 0 ? q->desc : which == 1 ? q->driver : q->device, size);
	offset %= size;
	script_bytes(script, base + offset, min(len, size - offset));
	fake->scribbled = true;
	if (which == 2 && offset <= 2)
		q->used_next = ((uint16_t *)base)[1];
}

void fake_virtio_step(struct fake_virtio *fake, struct script *script)
{
	switch (script_take(script, 1) % STEPS) {
	case STEP_USE: step_use(fake, script); break;
	case STEP_USE_RAW: step_use_raw(fake, script); break;
	case STEP_INTERRUPT: fake_virtio_interrupt(fake, (uint32_t)script_take(script, 1)); break;
	case STEP_CONFIG:
		script_bytes(script, fake->config + script_take(script, 1) % (FAKE_CONFIG - 8), 8);
		fake->generation++;
		fake_virtio_interrupt(fake, VIRTIO_MMIO_INTERRUPT_CONFIG);
		break;
	case STEP_OVERRIDE: fake_lies_more(fake->overrides, script); break;
	case STEP_RING: step_ring(fake, script); break;
	default: fake->status = (uint32_t)script_take(script, 1); break;
	}
}
