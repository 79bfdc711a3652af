/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport over PCI: VIRTIO 1.2, section 4.1. Its structures are found by vendor capabilities (4.1.4); each queue has
 * a message of its own where there are enough. A device without messages (QEMU's balloon) has a line (4.1.5.2).
 */
#include <kernel/pci.h>
#include <kernel/virtio.h>

#include <kernel/errno.h>
#include <kernel/heap.h>

#define VENDOR_VIRTIO 0x1af4
#define ID_MODERN 0x1040
#define ID_TRANSITIONAL 0x1000
#define ID_LAST 0x107f

#define CAP_LEN 2
#define CAP_TYPE 3
#define CAP_BAR 4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_NOTIFY_MULTIPLIER 16
enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE };

/* The common configuration (4.1.4.3). */
#define COMMON_DEVICE_FEATURES_SEL 0x00
#define COMMON_DEVICE_FEATURES 0x04
#define COMMON_DRIVER_FEATURES_SEL 0x08
#define COMMON_DRIVER_FEATURES 0x0c
#define COMMON_CONFIG_VECTOR 0x10
#define COMMON_STATUS 0x14
#define COMMON_GENERATION 0x15
#define COMMON_QUEUE_SEL 0x16
#define COMMON_QUEUE_SIZE 0x18
#define COMMON_QUEUE_VECTOR 0x1a
#define COMMON_QUEUE_ENABLE 0x1c
#define COMMON_QUEUE_NOTIFY_OFF 0x1e
#define COMMON_QUEUE_DESC 0x20
#define COMMON_QUEUE_DRIVER 0x28
#define COMMON_QUEUE_DEVICE 0x30
#define COMMON_SIZE 0x38

/* The ISR status, which reading clears and takes the line back (4.1.4.5). */
#define ISR_QUEUE 1u
#define ISR_CONFIG 2u
#define RESET_TRIES 100000
#define MESSAGES_MAX 5

struct vpci;

struct message {
	struct vpci *v;
	unsigned number;
	int irq;
};

struct vpci {
	struct virtio_device virtio;
	struct pci_device *pci;
	struct regs common, notify, isr, config;
	uint32_t notify_multiplier;
	unsigned message_count;	/* 0: it has a line */
	struct message messages[MESSAGES_MAX];
	int line_irq;
};

static struct vpci *vpci_of(struct virtio_device *device)
{
	return container_of(device, struct vpci, virtio);
}

static uint8_t vpci_status(struct virtio_device *device)
{
	return regs_read8(&vpci_of(device)->common, COMMON_STATUS);
}

static void vpci_set_status(struct virtio_device *device, uint8_t status)
{
	struct vpci *v = vpci_of(device);

	regs_write8(&v->common, COMMON_STATUS, status);
	for (int i = 0; !status && i < RESET_TRIES && regs_read8(&v->common, COMMON_STATUS); i++)
		arch_relax();
}

static uint64_t vpci_features(struct virtio_device *device)
{
	struct vpci *v = vpci_of(device);
	uint64_t features = 0;

	for (unsigned i = 0; i < 2; i++) {
		regs_write32(&v->common, COMMON_DEVICE_FEATURES_SEL, i);
		features |= (uint64_t)regs_read32(&v->common, COMMON_DEVICE_FEATURES) << 32 * i;
	}
	return features;
}

static void vpci_set_features(struct virtio_device *device, uint64_t features)
{
	struct vpci *v = vpci_of(device);

	for (unsigned i = 0; i < 2; i++) {
		regs_write32(&v->common, COMMON_DRIVER_FEATURES_SEL, i);
		regs_write32(&v->common, COMMON_DRIVER_FEATURES, (uint32_t)(features >> 32 * i));
	}
	/* A reset has taken the configuration's message away. */
	if (v->message_count)
		regs_write16(&v->common, COMMON_CONFIG_VECTOR, 0);
}

static unsigned vpci_queue_max(struct virtio_device *device, unsigned index)
{
	struct vpci *v = vpci_of(device);

	regs_write16(&v->common, COMMON_QUEUE_SEL, (uint16_t)index);
	return regs_read16(&v->common, COMMON_QUEUE_ENABLE) ? 0 : regs_read16(&v->common, COMMON_QUEUE_SIZE);
}

/* Message 0 is the configuration's; where there is only one, all share it. */
static unsigned message_of(const struct vpci *v, unsigned queue)
{
	return v->message_count > 1 ? 1 + queue % (v->message_count - 1) : 0;
}

/* Of the queue that is selected. False: the device has no room for it (4.1.5.1.2). */
static bool set_message(struct vpci *v, uint16_t message)
{
	regs_write16(&v->common, COMMON_QUEUE_VECTOR, message);
	return regs_read16(&v->common, COMMON_QUEUE_VECTOR) == message;
}

static void write_address(struct vpci *v, size_t reg, phys_t address)
{
	regs_write32(&v->common, reg, (uint32_t)address);
	regs_write32(&v->common, reg + 4, (uint32_t)(address >> 32));
}

static int vpci_queue_enable(struct virtio_device *device, struct virtqueue *queue)
{
	struct vpci *v = vpci_of(device);
	struct virtq_addresses at;
	uint64_t offset;

	virtqueue_addresses(queue, &at);
	regs_write16(&v->common, COMMON_QUEUE_SEL, (uint16_t)virtqueue_index(queue));
	offset = (uint64_t)regs_read16(&v->common, COMMON_QUEUE_NOTIFY_OFF) * v->notify_multiplier;
	if (offset + sizeof(uint16_t) > v->notify.size)
		return -EINVAL;
	*virtqueue_notify_regs(queue) = (struct regs){ .base = offset };
	regs_write16(&v->common, COMMON_QUEUE_SIZE, (uint16_t)virtqueue_size(queue));
	if (v->message_count && !set_message(v, (uint16_t)message_of(v, virtqueue_index(queue))))
		return -EIO;
	write_address(v, COMMON_QUEUE_DESC, at.descriptors);
	write_address(v, COMMON_QUEUE_DRIVER, at.available);
	write_address(v, COMMON_QUEUE_DEVICE, at.used);
	regs_write16(&v->common, COMMON_QUEUE_ENABLE, 1);
	return 0;
}

/* Only a reset disables a queue, which came before. */
static void vpci_queue_disable(struct virtio_device *device UNUSED, struct virtqueue *queue UNUSED)
{
}

static void vpci_notify(struct virtqueue *queue)
{
	struct vpci *v = vpci_of(virtqueue_device(queue));

	regs_write16(&v->notify, virtqueue_notify_regs(queue)->base, (uint16_t)virtqueue_index(queue));
}

static uint32_t vpci_generation(struct virtio_device *device)
{
	return regs_read8(&vpci_of(device)->common, COMMON_GENERATION);
}

static const struct regs *vpci_config(struct virtio_device *device)
{
	return &vpci_of(device)->config;
}

static const struct virtio_transport vpci_transport = {
	.status = vpci_status,
	.set_status = vpci_set_status,
	.features = vpci_features,
	.set_features = vpci_set_features,
	.queue_max = vpci_queue_max,
	.queue_enable = vpci_queue_enable,
	.queue_disable = vpci_queue_disable,
	.notify = vpci_notify,
	.generation = vpci_generation,
	.config = vpci_config,
};

/* ---- interrupts ---- */

static void message_came(void *arg)
{
	const struct message *message = arg;
	struct virtio_device *device = &message->v->virtio;

	if (message->number == 0)
		virtio_config_changed(device);
	for (unsigned i = 0; i < device->queue_count; i++)
		if (message_of(message->v, i) == message->number)
			virtqueue_interrupt(device->queues[i]);
}

static void line_rose(void *arg)
{
	struct vpci *v = arg;
	struct virtio_device *device = &v->virtio;
	uint8_t causes = regs_read8(&v->isr, 0);

	if (causes & ISR_CONFIG)
		virtio_config_changed(device);
	for (unsigned i = 0; causes & ISR_QUEUE && i < device->queue_count; i++)
		virtqueue_interrupt(device->queues[i]);
}

static void interrupts_release(struct vpci *v)
{
	while (v->message_count)
		irq_release(v->messages[--v->message_count].irq);
	pci_msix_disable(v->pci);
	if (v->line_irq >= 0)
		pci_intx_release(v->pci, v->line_irq);
}

static int messages_set(struct vpci *v)
{
	int err = pci_msix_enable(v->pci);

	if (err)
		return err;
	while (v->message_count < min(v->pci->msix_count, (unsigned)MESSAGES_MAX)) {
		struct message *message = &v->messages[v->message_count];

		*message = (struct message){ .v = v, .number = v->message_count };
		message->irq = pci_msix_set(v->pci, message->number, message_came, message);
		if (message->irq < 0)
			return message->irq;
		v->message_count++;
	}
	return 0;
}

/* On an error, what it has set is interrupts_release()'s. */
static int interrupts_set(struct vpci *v)
{
	int err = messages_set(v);

	if (err != -ENODEV)
		return err;
	if (!v->isr.size)
		return -EINVAL;
	v->line_irq = pci_intx_set(v->pci, line_rose, v);
	return min(v->line_irq, 0);
}

/* ---- finding ---- */

/* The structures that its capabilities lead to; the first of a kind that can be mapped is taken (4.1.4.1). */
static void find_structures(struct vpci *v)
{
	struct regs *const parts[] = { NULL, &v->common, &v->notify, &v->isr, &v->config };
	unsigned at = pci_capability(v->pci, PCI_CAP_VENDOR, 0);

	/* Of a list that loops there is always a next one. */
	for (unsigned seen = 0; at && seen < PCI_CAPABILITIES_MAX;
	     seen++, at = pci_capability(v->pci, PCI_CAP_VENDOR, at)) {
		unsigned type = pci_read(v->pci, at + CAP_TYPE, 1);

		if (type >= array_size(parts) || !parts[type] || parts[type]->size)
			continue;
		if (pci_map(v->pci, pci_read(v->pci, at + CAP_BAR, 1), pci_read(v->pci, at + CAP_OFFSET, 4),
			    pci_read(v->pci, at + CAP_LENGTH, 4), parts[type]))
			*parts[type] = (struct regs){ 0 };
		else if (type == CAP_NOTIFY)
			v->notify_multiplier = pci_read(v->pci, at + CAP_NOTIFY_MULTIPLIER, 4);
	}
}

static uint32_t device_id(const struct pci_device *pci)
{
	return pci->id >= ID_MODERN ? pci->id - ID_MODERN : pci_read(pci, PCI_SUBSYSTEM, 2);
}

static bool vpci_matches(const struct pci_device *pci)
{
	return pci->vendor == VENDOR_VIRTIO && pci->id >= ID_TRANSITIONAL && pci->id <= ID_LAST;
}

static int vpci_probe(struct pci_device *pci)
{
	struct vpci *v = heap_zalloc(sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	v->pci = pci;
	v->line_irq = -1;
	pci->data = v;
	pci_enable(pci);
	find_structures(v);
	v->virtio.id = device_id(pci);
	v->virtio.transport = &vpci_transport;
	err = v->common.size >= COMMON_SIZE && v->notify.size ? interrupts_set(v) : -EINVAL;
	if (!err)
		err = virtio_device_add(&v->virtio);
	if (!err)
		return 0;
	interrupts_release(v);
	pci_disable(pci);
	heap_free(v);
	return err;
}

static void vpci_remove(struct pci_device *pci)
{
	struct vpci *v = pci->data;

	virtio_device_remove(&v->virtio);
	interrupts_release(v);
	pci_disable(pci);
	heap_free(v);
}

static const struct pci_driver virtio_pci_driver = {
	.name = "virtio-pci",
	.matches = vpci_matches,
	.probe = vpci_probe,
	.remove = vpci_remove,
};
DRIVER(pci, virtio_pci_driver);
