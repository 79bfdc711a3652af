/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-fs (VIRTIO 1.2, section 5.11): a device of type 26, on which messages of the FUSE protocol go out and answers
 * come back, in any order. The first queue is for urgent ones; of the others, which are all alike, the first is used.
 * Its configuration is the tag, 36 bytes that end at a NUL or with the field, and the number of those queues. There is
 * no notification queue and no shared memory (DAX): neither is negotiated.
 */
#include "virtio_channel.h"

#include <kernel/errno.h>
#include <kernel/string.h>

#define TAG_SIZE 36
#define AT_TAG 0
#define AT_QUEUES 36

static int read_tag(struct virtio_device *virtio, char tag[REMOTE_TAG_MAX])
{
	uint32_t queues;
	int err = virtio_config_read(virtio, AT_TAG, tag, TAG_SIZE);

	if (!err)
		err = virtio_config_read(virtio, AT_QUEUES, &queues, sizeof(queues));
	tag[TAG_SIZE] = 0;
	return err ? err : !tag[0] || !queues ? -EINVAL : 0;
}

static int virtio_fs_probe(struct virtio_device *virtio)
{
	static const struct virtio_channel_type type = { "virtiofs", true, read_tag };

	return virtio_channel_probe(virtio, &type);
}

static const struct virtio_driver virtio_fs_driver = {
	.name = "virtio-fs",
	.device_id = VIRTIO_ID_FS,
	.probe = virtio_fs_probe,
	.remove = virtio_channel_remove,
	.broken = virtio_channel_broken,
	.config_changed = virtio_channel_config_changed,
};
DRIVER(virtio, virtio_fs_driver);
