/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio 9P transport: a device of type 9 with one queue, on which messages of the 9P protocol go out and answers come
 * back, in any order (VIRTIO 1.2, section 5 reserves the number; what QEMU does is the specification). Its
 * configuration is the mount tag: a length, and that many bytes.
 */
#include "virtio_channel.h"

#include <kernel/errno.h>

#define F_MOUNT_TAG 0
#define AT_TAG_LEN 0
#define AT_TAG 2

static int read_tag(struct virtio_device *virtio, char tag[REMOTE_TAG_MAX])
{
	uint16_t len;
	int err;

	if (!virtio_has(virtio, F_MOUNT_TAG))
		return -EINVAL;
	err = virtio_config_read(virtio, AT_TAG_LEN, &len, sizeof(len));
	if (!err && (!len || len >= REMOTE_TAG_MAX))
		err = -EINVAL;
	if (!err)
		err = virtio_config_read(virtio, AT_TAG, tag, len);
	for (unsigned i = 0; !err && i < len; i++)
		if (!tag[i])
			err = -EINVAL;
	if (!err)
		tag[len] = 0;
	return err;
}

static int virtio_9p_probe(struct virtio_device *virtio)
{
	static const struct virtio_channel_type type = { "9p", false, read_tag };

	return virtio_channel_probe(virtio, &type);
}

static const struct virtio_driver virtio_9p_driver = {
	.name = "virtio-9p",
	.device_id = VIRTIO_ID_9P,
	.features = VIRTIO_BIT(F_MOUNT_TAG),
	.probe = virtio_9p_probe,
	.remove = virtio_channel_remove,
	.broken = virtio_channel_broken,
	.config_changed = virtio_channel_config_changed,
};
DRIVER(virtio, virtio_9p_driver);
