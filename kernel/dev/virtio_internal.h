/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of virtio share.
 */
#pragma once

#include <kernel/virtio.h>

/* Frees it; the device uses it no more, and nothing is in it. */
void virtqueue_destroy(struct virtqueue *queue);
