/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the fake file server: its nodes and the device that carries what it says (fake_server.c), and the
 * protocols, one file each.
 */
#pragma once

#include <kernel/fake_server.h>

struct wire {
	uint8_t *bytes;
	uint32_t at, len;
};

/* Beyond the end of the message there are zeros. */
uint64_t wire_take(struct wire *w, unsigned bytes);
/* Beyond the answer's room nothing is kept. */
void wire_give(struct wire *w, unsigned bytes, uint64_t value);
void wire_give_bytes(struct wire *w, const void *bytes, uint32_t len);

uint8_t fake_server_number(const struct fake_server *fake, const struct fake_server_node *node);
struct fake_server_node *fake_server_child(struct fake_server *fake, const struct fake_server_node *dir,
					   const char *name);
bool fake_server_has_children(const struct fake_server *fake, const struct fake_server_node *dir);
/* A new node; 0, or an errno that is answered. */
int fake_server_make(struct fake_server *fake, struct fake_server_node *dir, const char *name, uint32_t mode,
		     uint32_t gid, struct fake_server_node **out);
/* Frees it. Beyond the size of its file, a node's data is zeros. */
void fake_server_discard(struct fake_server_node *node);
/* A new symbolic link's text. */
void fake_server_set_target(struct fake_server_node *node, const char *target);
int fake_server_resize(struct fake_server_node *node, uint64_t size);
/* Bytes that are there to be read, as many as were written: *count. 0, or an errno. */
int fake_server_write(struct fake_server_node *node, uint64_t offset, const uint8_t *bytes, uint32_t *count);
