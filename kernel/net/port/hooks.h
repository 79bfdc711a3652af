/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lwIP calls of ours on its ways.
 */
#pragma once

struct netif;
struct pbuf;

/* An IP packet has come, by loop-back too. Not 0: it was taken. */
int net_ip_input(struct pbuf *p, struct netif *input);
