/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between net_wire.c, the devices, and net_peer.c, who sits behind them.
 */
#pragma once

#include "net_peer.h"

int wire_setup(void);
void wire_remove(void);
/* A device has frames, or a link that the stack does not know of. */
bool wire_busy(void);
/* A frame for the stack, in two buffers when split is not 0. */
void wire_send(unsigned device, const uint8_t *bytes, size_t len, size_t split);
/* Lets the stack poll until nothing is left to take. */
void wire_run(void);

/* net_peer.c: the stack has sent a frame. Network's lock. */
void peer_look(unsigned device, const uint8_t *frame, size_t len, const struct net_frame *as);
