/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll, select and epoll, with Linux's values and layouts on x86_64. The POLL* bits are in kernel/file.h.
 */
#pragma once

#include <kernel/types.h>

struct abi_pollfd {
	int32_t fd;
	int16_t events, revents;
};

#define EPOLL_CLOEXEC 02000000u
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLIN 0x001u
#define EPOLLPRI 0x002u
#define EPOLLOUT 0x004u
#define EPOLLERR 0x008u
#define EPOLLHUP 0x010u
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

struct abi_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

#define SFD_CLOEXEC 02000000u
#define SFD_NONBLOCK 00004000u

#define EFD_SEMAPHORE 1u
#define EFD_CLOEXEC 02000000u
#define EFD_NONBLOCK 00004000u

#define TFD_TIMER_ABSTIME 1u
#define TFD_TIMER_CANCEL_ON_SET 2u
#define TFD_CLOEXEC 02000000u
#define TFD_NONBLOCK 00004000u
