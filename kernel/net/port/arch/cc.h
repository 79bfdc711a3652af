/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lwIP wants to know of compiler and kernel.
 */
#pragma once

#include <kernel/log.h>
#include <kernel/types.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
#define SSIZE_MAX INT64_MAX

#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

uint32_t net_random(void);
void *net_heap_alloc(size_t size);
void *net_heap_array(size_t count, size_t size);
void net_heap_free(void *object);
struct pbuf;
void net_pbuf_refers(struct pbuf *p);
void net_pbuf_freed(void *owner);
struct ip_addr;
uint32_t net_isn(const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote, uint16_t remote_port);
/* What a SYN whose sequence number is peer_isn is answered with, if nothing is to be kept of it. */
uint32_t net_cookie(const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
		    uint16_t remote_port, uint32_t peer_isn, uint16_t mss);
/*
 * The maximum segment size of the connection that such a cookie was given to, or a little less (one below 536 is taken
 * for that); 0: it was not.
 */
uint16_t net_cookie_mss(const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
			uint16_t remote_port, uint32_t peer_isn, uint32_t isn);
/* Whether a listener has room for one more connection that nobody has accepted. */
bool net_may_accept(const void *listener);

#define LWIP_RAND() net_random()
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(text) panic("lwIP: %s", (text))
