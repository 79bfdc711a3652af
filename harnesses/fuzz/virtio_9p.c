/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device side of virtio-9p, and the server behind it: see server_side.h.
 */
#include "server_side.h"

#include <kernel/harness.h>
#include <kernel/string.h>

static uint32_t refuse(uint8_t *answer, uint8_t code)
{
	uint32_t size = 11, errno = code;

	memcpy(answer, &size, 4);
	answer[4] = 7; /* Rlerror */
	memcpy(answer + 7, &errno, 4);
	return size;
}

static int virtio_9p_setup(void)
{
	static const struct server_side side = {
		.protocol = &fake_9p,
		.filesystem = "9p",
		.options = { "msize=8192", "msize=16K,trans=virtio", "msize=64K", "" },
		.reply_at = 5, /* the tag */
		.reply_size = 2,
		.refuse = refuse,
	};

	return server_side_setup(&side);
}

HARNESS(virtio_9p, .setup = virtio_9p_setup, .run = server_side_run, .teardown = server_side_teardown,
	.max_size = 8 * KIB, .about = "a 9P server behind virtio that answers as the input says");
