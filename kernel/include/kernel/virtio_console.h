/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio console device: VIRTIO 1.2, section 5.3. Its console ports are terminals, /dev/hvcN; its other ports streams,
 * /dev/vportNpM, with a link /dev/virtio-ports/NAME where the other side has given one a name.
 */
#pragma once

#include <kernel/virtio.h>

struct terminal;

/* Makes the device files of ports that are there by now; the probe does. Threads. */
void virtio_console_publish(struct virtio_device *device);
/* For tests and harnesses: a port of a device that is driven; NULL: it has none of that number. */
struct terminal *virtio_console_terminal(struct virtio_device *device, unsigned port);
