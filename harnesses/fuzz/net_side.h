/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other side of a scripted network device: stands where the stack does, looks at every byte that it is given, and
 * sends frames of all shapes.
 */
#pragma once

#include <kernel/fake.h>
#include <kernel/netdev.h>

/* Once, before the snapshot: takes the stack's place. -ENOMEM. */
int net_side_setup(void);
void net_side_begin(struct script *script);
bool net_side_has_device(void);
/* What the script says next, with a device: a frame that is sent, devices told of it, a look at what has come. */
void net_side_step(void);
/* So many frames at once as it says, or as the device takes. */
void net_side_burst(void);
/* As the stack's thread does after an interrupt. */
void net_side_poll(void);
/* The device is gone: everything that was sent has come back, once. */
void net_side_end(void);
