/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio devices in memory: VIRTIO 1.2, section 4.2.
 */
#pragma once

#include <kernel/irq.h>
#include <kernel/regs.h>
#include <kernel/virtio.h>

/**
 * A device behind a window of registers. line: its interrupt, for irq_line(); of a scripted device irq is NULL or
 * gives another way to be interrupted. -ENODEV: none is there, or none that has a driver; -EINVAL: it speaks an old
 * version, or makes no sense.
 */
int virtio_mmio_add(const struct regs *regs, unsigned line, struct virtio_device **out);
void virtio_mmio_remove(struct virtio_device *device);
/* For those without a line: the device interrupts. Any context. */
void virtio_mmio_interrupt(struct virtio_device *device);

#define VIRTIO_MMIO_NO_LINE (~0u)

/* Registers (4.2.2). */
#define VIRTIO_MMIO_MAGIC 0x000
#define VIRTIO_MMIO_VERSION 0x004
#define VIRTIO_MMIO_DEVICE_ID 0x008
#define VIRTIO_MMIO_VENDOR_ID 0x00c
#define VIRTIO_MMIO_DEVICE_FEATURES 0x010
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_MMIO_DRIVER_FEATURES 0x020
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_MMIO_QUEUE_SEL 0x030
#define VIRTIO_MMIO_QUEUE_NUM_MAX 0x034
#define VIRTIO_MMIO_QUEUE_NUM 0x038
#define VIRTIO_MMIO_QUEUE_READY 0x044
#define VIRTIO_MMIO_QUEUE_NOTIFY 0x050
#define VIRTIO_MMIO_INTERRUPT_STATUS 0x060
#define VIRTIO_MMIO_INTERRUPT_ACK 0x064
#define VIRTIO_MMIO_STATUS 0x070
#define VIRTIO_MMIO_QUEUE_DESC 0x080		/* and the next: high half */
#define VIRTIO_MMIO_QUEUE_DRIVER 0x090
#define VIRTIO_MMIO_QUEUE_DEVICE 0x0a0
#define VIRTIO_MMIO_CONFIG_GENERATION 0x0fc
#define VIRTIO_MMIO_CONFIG 0x100

#define VIRTIO_MMIO_MAGIC_VALUE 0x74726976u	/* "virt" */
#define VIRTIO_MMIO_INTERRUPT_QUEUE 1u
#define VIRTIO_MMIO_INTERRUPT_CONFIG 2u
