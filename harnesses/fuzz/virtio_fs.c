/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of virtio-fs, and the FUSE server behind it: see server_side.h.
 */
#include "server_side.h"

#include <kernel/harness.h>
#include <kernel/string.h>

static uint32_t refuse(uint8_t *answer, uint8_t code)
{
	uint32_t size = 16;
	int32_t error = -(int32_t)code;

	memcpy(answer, &size, 4);
	memcpy(answer + 4, &error, 4);
	return size;
}

static int virtio_fs_setup(void)
{
	static const struct server_side side = {
		.protocol = &fake_fuse,
		.filesystem = "virtiofs",
		.options = { "", "", "", "" },
		.reply_at = 8, /* the message's number */
		.reply_size = 8,
		.refuse = refuse,
	};

	return server_side_setup(&side);
}

HARNESS(virtio_fs, .setup = virtio_fs_setup, .run = server_side_run, .teardown = server_side_teardown,
	.max_size = 8 * KIB, .about = "a FUSE server behind virtio-fs that answers as the input says");
