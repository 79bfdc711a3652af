/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio bus: how a device is brought up (VIRTIO 1.2, section 3.1), given up, and found out.
 */
#include "virtio_internal.h"

#include <instrumentation/trace/boot.h>
#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/log.h>

#define GENERATION_TRIES 16

LINKSET_DECLARE(virtio_driver);

static struct mutex lock = MUTEX_INIT(lock);	/* guards the list, and bringing up and giving up */
static struct list virtio_devices = LIST_INIT(virtio_devices);
static unsigned next_number;

static const struct virtio_driver *find_driver(uint32_t id)
{
	LINKSET_FOREACH(virtio_driver, const struct virtio_driver, driver) {
		if (driver->device_id == id)
			return driver;
	}
	return NULL;
}

static void add_status(struct virtio_device *device, uint8_t bits)
{
	device->transport->set_status(device, device->transport->status(device) | bits);
}

/* -EINVAL: a device that does not speak version 1, or does not keep to what it offered. */
static int agree(struct virtio_device *device)
{
	uint64_t offered = device->transport->features(device);

	device->features = offered &
			   (device->driver->features | VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
	if (!virtio_has(device, VIRTIO_F_VERSION_1))
		return -EINVAL;
	if (device->driver->refine)
		device->features = device->driver->refine(device->features);
	device->transport->set_features(device, device->features);
	add_status(device, VIRTIO_STATUS_FEATURES_OK);
	return device->transport->status(device) & VIRTIO_STATUS_FEATURES_OK ? 0 : -EINVAL;
}

static void destroy_queues(struct virtio_device *device)
{
	while (device->queue_count) {
		struct virtqueue *queue = device->queues[--device->queue_count];

		device->transport->queue_disable(device, queue);
		virtqueue_destroy(queue);
	}
}

/* A driver may notice under its locks: it is told what follows from that without them. */
static void tell_of_break(struct timer *timer)
{
	struct virtio_device *device = container_of(timer, struct virtio_device, telling);

	if (device->driver->broken)
		device->driver->broken(device);
}

static int start(struct virtio_device *device)
{
	int err;

	device->transport->set_status(device, 0);
	add_status(device, VIRTIO_STATUS_ACKNOWLEDGE);
	add_status(device, VIRTIO_STATUS_DRIVER);
	err = agree(device);
	if (!err) {
		uint64_t start_time = boot_step_start();

		err = device->driver->probe(device);
		boot_step_end(BOOT_PROBE, start_time, device->driver->name);
	}
	atomic_store(&device->live, !err);
	if (!err && !atomic_load(&device->broken)) {
		/* It may have changed since the driver read it, when nobody listened. */
		unsigned long flags = arch_irq_save();

		virtio_config_changed(device);
		arch_irq_restore(flags);
		return 0;
	}
	atomic_store(&device->live, false);
	timer_cancel(&device->telling);
	device->transport->set_status(device, 0);
	if (!err) {
		device->driver->remove(device);
		err = -EIO;
	}
	add_status(device, VIRTIO_STATUS_FAILED);
	destroy_queues(device);
	return err;
}

int virtio_device_add(struct virtio_device *device)
{
	int err = -ENODEV;

	mutex_lock(&lock);
	device_add(&device->device, "virtio%u", next_number++);
	device->driver = find_driver(device->id);
	device->queue_count = 0;
	device->broken = device->live = false;
	timer_init(&device->telling, tell_of_break);
	if (device->driver) {
		device->device.driver = device->driver->name;
		err = start(device);
	}
	if (err) {
		if (err != -ENODEV)
			log_warning("%s (%s): it does not start: %s", device->device.name, device->driver->name,
				    errno_name(-err) ?: "unknown error");
		device_remove(&device->device);
	} else {
		list_append(&virtio_devices, &device->node);
	}
	mutex_unlock(&lock);
	return err;
}

void virtio_device_remove(struct virtio_device *device)
{
	mutex_lock(&lock);
	list_remove(&device->node);
	atomic_store(&device->broken, true);
	atomic_store(&device->live, false);
	timer_cancel(&device->telling);
	device->transport->set_status(device, 0);
	device->driver->remove(device);
	destroy_queues(device);
	device_remove(&device->device);
	mutex_unlock(&lock);
}

void virtio_ready(struct virtio_device *device)
{
	add_status(device, VIRTIO_STATUS_DRIVER_OK);
}

/* Nothing of it is believed from now on; it is reset here, as it can write into memory until then. */
void virtio_break(struct virtio_device *device)
{
	if (atomic_exchange(&device->broken, true))
		return;
	device->transport->set_status(device, 0);
	if (atomic_load(&device->live))
		timer_arm(&device->telling, clock_ns() + 1);
}

void virtio_config_changed(struct virtio_device *device)
{
	if (atomic_load(&device->live) && device->driver->config_changed && !atomic_load_relaxed(&device->broken))
		device->driver->config_changed(device);
}

int virtio_config_read(struct virtio_device *device, size_t offset, void *value, size_t size)
{
	const struct regs *config = device->transport->config(device);
	uint8_t *to = value;

	if (offset > config->size || size > config->size - offset)
		return -EINVAL;
	for (int i = 0; i < GENERATION_TRIES; i++) {
		uint32_t before = device->transport->generation(device);

		for (size_t n = 0; n < size; n++)
			to[n] = regs_read8(config, offset + n);
		if (device->transport->generation(device) == before)
			return 0;
	}
	return -EIO;
}
