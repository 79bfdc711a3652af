/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What drivers of virtio devices have in common behind which there is a file server (kernel/remote.h): they differ in
 * how many queues there are, and in where the tag is.
 */
#pragma once

#include <kernel/remote.h>
#include <kernel/virtio.h>

struct virtio_channel_type {
	const char *kind;	/* of the channel */
	bool has_urgent;	/* the first queue is for urgent requests */
	/* Its tag, NUL-terminated. -EINVAL: it is none. */
	int (*read_tag)(struct virtio_device *virtio, char tag[REMOTE_TAG_MAX]);
};

/* For a driver's probe; the others as struct virtio_driver has them. */
int virtio_channel_probe(struct virtio_device *virtio, const struct virtio_channel_type *type);
void virtio_channel_remove(struct virtio_device *virtio);
void virtio_channel_broken(struct virtio_device *virtio);
void virtio_channel_config_changed(struct virtio_device *virtio);
