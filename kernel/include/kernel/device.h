/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices and drivers. A bus (PCI, virtio) finds devices and looks for a driver in its linker set:
 *
 *	DRIVER(virtio, virtio_rng_driver);
 *
 * A device is never trusted: what it writes into memory or answers to a read is read once and checked, and what cannot
 * be right is an *offence*. It is reported and counted; the bus then resets the device, whose driver gives it up.
 */
#pragma once

#include <kernel/linkset.h>
#include <kernel/list.h>

#define DEVICE_NAME_MAX 24

struct device {
	char name[DEVICE_NAME_MAX];	/* where it is: "pci 00:02.0", "virtio0" */
	const char *driver;		/* what drives it; NULL: nothing */
	struct list node;		/* on the list of all devices */
	unsigned long offences;
};

#define DRIVER(bus, driver) LINKSET_ADD(bus##_driver, &(driver))

/* Puts it on the list of all. Threads only. */
void device_add(struct device *device, const char *fmt, ...) PRINTF_LIKE(2, 3);
void device_remove(struct device *device);
/* All devices, in the order in which they were found, while visit returns 0; its last result. Sleeps. */
int device_foreach(int (*visit)(struct device *device, void *context), void *context);

/* Counts an offence, and logs the first ones of a device. Any context. */
void device_offence(struct device *device, const char *fmt, ...) PRINTF_LIKE(2, 3);
