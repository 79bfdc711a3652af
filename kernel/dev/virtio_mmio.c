/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport in memory: VIRTIO 1.2, section 4.2. Machines tell where by "virtio_mmio.device=SIZE@BASE:LINE" on the
 * command line, as Linux reads it (Documentation/admin-guide/kernel-parameters.txt), or by their firmware.
 */
#include <kernel/virtio_mmio.h>

#include <kernel/boot.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/parse.h>
#include <kernel/string.h>
#include <plat/plat.h>

#define MMIO_PLACES 32	/* that a firmware may tell of */
#define VERSION_MODERN 2
#define RESET_TRIES 100000

struct mmio {
	struct virtio_device virtio;
	struct regs regs, config;
	int irq;
};

static struct mmio *mmio_of(struct virtio_device *device)
{
	return container_of(device, struct mmio, virtio);
}

static uint8_t mmio_status(struct virtio_device *device)
{
	return (uint8_t)regs_read32(&mmio_of(device)->regs, VIRTIO_MMIO_STATUS);
}

static void mmio_set_status(struct virtio_device *device, uint8_t status)
{
	struct mmio *m = mmio_of(device);

	regs_write32(&m->regs, VIRTIO_MMIO_STATUS, status);
	for (int i = 0; !status && i < RESET_TRIES && regs_read32(&m->regs, VIRTIO_MMIO_STATUS); i++)
		arch_relax();
}

static uint64_t mmio_features(struct virtio_device *device)
{
	struct mmio *m = mmio_of(device);
	uint64_t features;

	regs_write32(&m->regs, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)regs_read32(&m->regs, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	regs_write32(&m->regs, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | regs_read32(&m->regs, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void mmio_set_features(struct virtio_device *device, uint64_t features)
{
	struct mmio *m = mmio_of(device);

	for (unsigned i = 0; i < 2; i++) {
		regs_write32(&m->regs, VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		regs_write32(&m->regs, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32 * i));
	}
}

static unsigned mmio_queue_max(struct virtio_device *device, unsigned index)
{
	struct mmio *m = mmio_of(device);

	regs_write32(&m->regs, VIRTIO_MMIO_QUEUE_SEL, index);
	return regs_read32(&m->regs, VIRTIO_MMIO_QUEUE_READY) ? 0 : regs_read32(&m->regs, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void write_address(struct mmio *m, size_t reg, phys_t address)
{
	regs_write32(&m->regs, reg, (uint32_t)address);
	regs_write32(&m->regs, reg + 4, (uint32_t)(address >> 32));
}

static int mmio_queue_enable(struct virtio_device *device, struct virtqueue *queue)
{
	struct mmio *m = mmio_of(device);
	struct virtq_addresses at;

	virtqueue_addresses(queue, &at);
	regs_write32(&m->regs, VIRTIO_MMIO_QUEUE_SEL, virtqueue_index(queue));
	regs_write32(&m->regs, VIRTIO_MMIO_QUEUE_NUM, virtqueue_size(queue));
	write_address(m, VIRTIO_MMIO_QUEUE_DESC, at.descriptors);
	write_address(m, VIRTIO_MMIO_QUEUE_DRIVER, at.available);
	write_address(m, VIRTIO_MMIO_QUEUE_DEVICE, at.used);
	regs_write32(&m->regs, VIRTIO_MMIO_QUEUE_READY, 1);
	return 0;
}

static void mmio_queue_disable(struct virtio_device *device, struct virtqueue *queue)
{
	struct mmio *m = mmio_of(device);

	regs_write32(&m->regs, VIRTIO_MMIO_QUEUE_SEL, virtqueue_index(queue));
	regs_write32(&m->regs, VIRTIO_MMIO_QUEUE_READY, 0);
}

static void mmio_notify(struct virtqueue *queue)
{
	regs_write32(&mmio_of(virtqueue_device(queue))->regs, VIRTIO_MMIO_QUEUE_NOTIFY, virtqueue_index(queue));
}

static uint32_t mmio_generation(struct virtio_device *device)
{
	return regs_read32(&mmio_of(device)->regs, VIRTIO_MMIO_CONFIG_GENERATION);
}

static const struct regs *mmio_config(struct virtio_device *device)
{
	return &mmio_of(device)->config;
}

static const struct virtio_transport mmio_transport = {
	.status = mmio_status,
	.set_status = mmio_set_status,
	.features = mmio_features,
	.set_features = mmio_set_features,
	.queue_max = mmio_queue_max,
	.queue_enable = mmio_queue_enable,
	.queue_disable = mmio_queue_disable,
	.notify = mmio_notify,
	.generation = mmio_generation,
	.config = mmio_config,
};

void virtio_mmio_interrupt(struct virtio_device *device)
{
	struct mmio *m = mmio_of(device);
	uint32_t status = regs_read32(&m->regs, VIRTIO_MMIO_INTERRUPT_STATUS);

	if (!status)
		return;
	regs_write32(&m->regs, VIRTIO_MMIO_INTERRUPT_ACK, status);
	if (status & VIRTIO_MMIO_INTERRUPT_CONFIG)
		virtio_config_changed(device);
	for (unsigned i = 0; i < device->queue_count && (status & VIRTIO_MMIO_INTERRUPT_QUEUE); i++)
		virtqueue_interrupt(device->queues[i]);
}

static void interrupted(void *arg)
{
	virtio_mmio_interrupt(arg);
}

/* Of a window of functions the configuration is another one, with offsets that begin at 0. */
static uint64_t config_read(const struct regs *regs, size_t offset, unsigned bytes)
{
	const struct regs *whole = (const struct regs *)regs->base;

	return whole->ops->read(whole, VIRTIO_MMIO_CONFIG + offset, bytes);
}

static void config_write(const struct regs *regs, size_t offset, unsigned bytes, uint64_t value)
{
	const struct regs *whole = (const struct regs *)regs->base;

	whole->ops->write(whole, VIRTIO_MMIO_CONFIG + offset, bytes, value);
}

static const struct regs_ops config_ops = { config_read, config_write };

static void set_config(struct mmio *m)
{
	size_t size = m->regs.size - VIRTIO_MMIO_CONFIG;

	if (m->regs.ops)
		m->config = (struct regs){ &config_ops, (uintptr_t)&m->regs, size };
	else
		regs_part(&m->config, &m->regs, VIRTIO_MMIO_CONFIG, size);
}

int virtio_mmio_add(const struct regs *regs, unsigned line, struct virtio_device **out)
{
	struct mmio *m;
	int err;

	if (regs->size <= VIRTIO_MMIO_CONFIG || regs_read32(regs, VIRTIO_MMIO_MAGIC) != VIRTIO_MMIO_MAGIC_VALUE ||
	    !regs_read32(regs, VIRTIO_MMIO_DEVICE_ID))
		return -ENODEV;
	if (regs_read32(regs, VIRTIO_MMIO_VERSION) != VERSION_MODERN)
		return -EINVAL;
	m = heap_zalloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->regs = *regs;
	m->virtio.id = regs_read32(regs, VIRTIO_MMIO_DEVICE_ID);
	m->virtio.transport = &mmio_transport;
	set_config(m);
	m->irq = line == VIRTIO_MMIO_NO_LINE ? 0 : irq_line(line, interrupted, &m->virtio);
	err = m->irq < 0 ? m->irq : virtio_device_add(&m->virtio);
	if (err) {
		if (m->irq > 0)
			irq_release(m->irq);
		heap_free(m);
		return err;
	}
	if (out)
		*out = &m->virtio;
	return 0;
}

void virtio_mmio_remove(struct virtio_device *device)
{
	struct mmio *m = mmio_of(device);

	virtio_device_remove(device);
	if (m->irq > 0)
		irq_release(m->irq);
	heap_free(m);
}

/* ---- what the command line tells of ---- */

/* "512@0xfeb00000:5" */
static bool parse_place(char *text, uint64_t *size, uint64_t *base, uint64_t *line)
{
	char *at = strchr(text, '@'), *colon = at ? strchr(at, ':') : NULL;

	if (!colon)
		return false;
	*at++ = *colon++ = '\0';
	return !parse_size(text, size) && !parse_size(at, base) && !parse_size(colon, line) && *line < UINT32_MAX;
}

static void add_at(uint64_t base, uint64_t size, uint64_t line)
{
	struct regs regs;
	int err = regs_map(&regs, base, size);

	if (!err)
		err = virtio_mmio_add(&regs, (unsigned)line, NULL);
	if (err && err != -ENODEV)
		log_warning("virtio_mmio: no device at %#llx: %s", (unsigned long long)base,
			    errno_name(-err) ?: "unknown error");
}

/* Who tells of some there knows of all: the firmware is asked only then. */
static void add_told_by_firmware(void)
{
	struct plat_mmio places[MMIO_PLACES];
	unsigned count = plat->mmio_devices ? plat->mmio_devices(places, MMIO_PLACES) : 0;

	for (unsigned i = 0; i < count; i++)
		add_at(places[i].base, places[i].size, places[i].line);
}

static int virtio_mmio_init(void)
{
	uint64_t size, base, line;
	char text[64];
	ssize_t len;
	size_t i;

	for (i = 0; (len = boot_option_at("virtio_mmio.device", i, text, sizeof(text))) != -ENOENT; i++) {
		if (len > 0 && parse_place(text, &size, &base, &line))
			add_at(base, size, line);
		else
			log_warning("command line: virtio_mmio.device= wants SIZE@BASE:LINE");
	}
	if (!i)
		add_told_by_firmware();
	return 0;
}
INIT_CALL(INIT_DEVICE, virtio_mmio_init);
