/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio devices: Virtual I/O Device (VIRTIO) Version 1.2, split virtqueues (2.7), transports PCI (4.1) and MMIO (4.2).
 *
 * A queue's rings are shared with the device, so nothing is kept there: which descriptors are free, how they hang
 * together and what they mean lies in memory of our own. What the device says (used ids and lengths) is read once and
 * checked; what cannot be is an offence (kernel/device.h), after which the device is reset and `broken`.
 */
#pragma once

#include <kernel/clock.h>
#include <kernel/device.h>
#include <kernel/mutex.h>
#include <kernel/regs.h>

#define VIRTIO_ID_NET 1
#define VIRTIO_ID_BLOCK 2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_ENTROPY 4
#define VIRTIO_ID_BALLOON 5
#define VIRTIO_ID_9P 9
#define VIRTIO_ID_VSOCK 19
#define VIRTIO_ID_FS 26

#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER 2u
#define VIRTIO_STATUS_DRIVER_OK 4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u
#define VIRTIO_STATUS_FAILED 128u

/* Features that are no one kind of device's (6). */
#define VIRTIO_F_INDIRECT_DESC 28
#define VIRTIO_F_EVENT_IDX 29
#define VIRTIO_F_VERSION_1 32
#define VIRTIO_BIT(feature) (UINT64_C(1) << (feature))

#define VIRTIO_QUEUES_MAX 16
#define VIRTQUEUE_SIZE_MAX 1024

struct virtio_device;
struct virtio_driver;
struct virtqueue;

/* How a device is reached. notify and set_status: any context. */
struct virtio_transport {
	uint8_t (*status)(struct virtio_device *device);
	/* 0 resets, and waits until that is done. */
	void (*set_status)(struct virtio_device *device, uint8_t status);
	uint64_t (*features)(struct virtio_device *device);
	void (*set_features)(struct virtio_device *device, uint64_t features);
	/* The largest size of a queue; 0: there is none. */
	unsigned (*queue_max)(struct virtio_device *device, unsigned index);
	/* Tells where its rings are, and has virtqueue_interrupt() called for it. */
	int (*queue_enable)(struct virtio_device *device, struct virtqueue *queue);
	void (*queue_disable)(struct virtio_device *device, struct virtqueue *queue);
	void (*notify)(struct virtqueue *queue); /* any context */
	uint32_t (*generation)(struct virtio_device *device);
	/* The device's configuration; empty when it has none. */
	const struct regs *(*config)(struct virtio_device *device);
};

struct virtio_device {
	struct device device;
	uint32_t id;			/* VIRTIO_ID_* */
	const struct virtio_transport *transport;
	void *transport_data;
	const struct virtio_driver *driver;
	uint64_t features;		/* that both sides agreed on */
	struct virtqueue *queues[VIRTIO_QUEUES_MAX];
	unsigned queue_count;
	bool broken;			/* it has offended: it was, or will be, reset, and does no more */
	bool live;			/* its driver has it, and is to be told when it breaks */
	struct timer telling;		/* of that */
	void *data;			/* the driver's */
	struct list node;		/* on the list of virtio devices */
};

/* Registers with DRIVER(virtio, ...). */
struct virtio_driver {
	const char *name;
	uint32_t device_id;
	uint64_t features;		/* that it can use; VERSION_1 and EVENT_IDX are added */
	/* Of those that both have, the ones it wants. NULL: all. */
	uint64_t (*refine)(uint64_t features);
	/* Sets its queues up, then calls virtio_ready(). On an error nothing of the driver's is left. */
	int (*probe)(struct virtio_device *device);
	/* The device has been reset: takes back what its queues still hold, and frees all. */
	void (*remove)(struct virtio_device *device);
	/*
	 * The device is broken and has been reset: what its queues hold does not come back by itself. Once, interrupts
	 * off, none of the driver's locks held. NULL: nobody waits for it.
	 */
	void (*broken)(struct virtio_device *device);
	/* The device's configuration has changed. Any context. NULL: it does not matter. */
	void (*config_changed)(struct virtio_device *device);
};

static inline bool virtio_has(const struct virtio_device *device, unsigned feature)
{
	return device->features & VIRTIO_BIT(feature);
}

/* For transports: a device that was found; its fields up to transport_data are set. Finds a driver and probes it. */
int virtio_device_add(struct virtio_device *device);
/* Resets it, and takes its driver away. */
void virtio_device_remove(struct virtio_device *device);
/* The device tells of a new configuration. Any context. */
void virtio_config_changed(struct virtio_device *device);

/* For drivers: all queues are there; the device may begin. */
void virtio_ready(struct virtio_device *device);
/* Reads its configuration, all from one state of it. -EINVAL: it has not that much. */
int virtio_config_read(struct virtio_device *device, size_t offset, void *value, size_t size) MUST_CHECK;
/* An offence: the device is broken from now on. Any context. */
#define virtio_offence(virtio, ...)                                                                                    \
	do {                                                                                                           \
		device_offence(&(virtio)->device, __VA_ARGS__);                                                        \
		virtio_break(virtio);                                                                                  \
	} while (0)
void virtio_break(struct virtio_device *device);

/* ---- queues ---- */

/* A piece of memory that the device reads or writes. It lies in the direct map. */
struct virtq_span {
	void *base;
	uint32_t len;
};

/* Called when the device has used something; interrupts off. It may be called for nothing. */
typedef void virtq_callback_t(struct virtqueue *queue);

/* The next of the device's queues, by order of the calls. size: at most; 0: as large as can be. -ENODEV; -ENOMEM. */
int virtqueue_create(struct virtio_device *device, unsigned size, virtq_callback_t *callback, struct virtqueue **out);
unsigned virtqueue_size(const struct virtqueue *queue);
struct virtio_device *virtqueue_device(const struct virtqueue *queue);
/* Descriptors that are free. */
unsigned virtqueue_room(const struct virtqueue *queue);

/*
 * These are the caller's to serialize, for each queue. Offers spans, first `out` that the device reads, then `in` that
 * it writes; cookie (not NULL) comes back from virtqueue_take(). -ENOSPC: too few descriptors; -EIO: it is broken.
 */
int virtqueue_add(struct virtqueue *queue, const struct virtq_span *spans, unsigned out, unsigned in, void *cookie)
	MUST_CHECK;
/* Tells the device of what was added, unless it does not want to know. */
void virtqueue_kick(struct virtqueue *queue);
/* The next that the device is done with, and how many bytes it says to have written: at most what had room. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *written);
bool virtqueue_has_used(const struct virtqueue *queue);
/*
 * Asks for callbacks again, which with EVENT_IDX is needed after each. False: there is something to take already.
 */
bool virtqueue_enable_callback(struct virtqueue *queue);
void virtqueue_disable_callback(struct virtqueue *queue);
/* After a reset: what was added and never came back, one after the other; NULL. */
void *virtqueue_reclaim(struct virtqueue *queue);

/* ---- for transports ---- */

struct virtq_addresses {
	phys_t descriptors, available, used;
};
void virtqueue_addresses(const struct virtqueue *queue, struct virtq_addresses *out);
unsigned virtqueue_index(const struct virtqueue *queue);
/* Its own, for what it needs to notify. */
struct regs *virtqueue_notify_regs(struct virtqueue *queue);
/* Interrupt: something may have been used. Any context. */
void virtqueue_interrupt(struct virtqueue *queue);
