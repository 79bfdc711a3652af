/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What xenstore says of a domain, written as xl does, so that daemons, backends and xl itself take a clone for any
 * other domain.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xs_handle;

#define STORE_MAC 18
#define STORE_ADDRESS 64

/* Who a domain is. */
struct identity {
	uint32_t domain;
	char name[64];
	unsigned memory_kib;
	uint32_t store_port, console_port;
	uint64_t store_page, console_page;
	char mac[STORE_MAC], address[STORE_ADDRESS];	/* of its network interface; address: as the guest's "net=" */
};

/* NULL with errno. */
struct xs_handle *store_open(void);
/* False with errno. */
bool store_answers(void);
/* The text at a path, "" where there is none. */
void store_read(struct xs_handle *store, char *text, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));
/* 0, -1 with errno. */
int store_write(struct xs_handle *store, const char *value, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Writes who the domain is, and tells the daemon of it; its pages and ports are there. Its interface and its disks are
 * made as those of its parent, by the same script. 0, -1 with errno.
 */
int store_add(struct xs_handle *store, const struct identity *who, uint32_t parent);
/* Connects the interface on this side, once its backend is there: by the parent's script. 0, -1 with errno. */
int store_connect(struct xs_handle *store, uint32_t domain);
/* Nothing is left of a domain, known or not; its backends let go of it. */
void store_remove(struct xs_handle *store, uint32_t domain);
