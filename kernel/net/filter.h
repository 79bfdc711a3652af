/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters that programs attach to packet sockets: classic BPF (Linux: Documentation/networking/filter; S. McCanne,
 * V. Jacobson, "The BSD Packet Filter", 1993). A program is checked once: it ends, and reads nothing but the packet.
 */
#pragma once

#include <kernel/types.h>
#include <kernel/user.h>

/* Where a struct sock_fprog is, with its program. */
struct abi_sock_fprog {
	uint16_t len;		/* instructions */
	uint16_t pad[3];
	user_ptr_t instructions;
};

struct filter;

/* What a filter may ask beside the bytes: SKF_AD_*. */
struct filter_packet {
	const uint8_t *data;
	size_t len;
	size_t network;		/* where the network layer's header begins */
	uint32_t protocol, pkttype, index, hatype;
};

/* -EINVAL: no program that can be run; -EFAULT, -ENOMEM. */
int filter_create(const struct abi_sock_fprog *program, struct filter **out);
void filter_free(struct filter *filter);
/* How many bytes of the packet are wanted; 0: none of it. Any context. */
size_t filter_run(const struct filter *filter, const struct filter_packet *packet);
