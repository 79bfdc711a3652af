/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake 9P server's two halves: what it answers (fake_9p.c), and the device that carries it (fake_9p_device.c).
 */
#pragma once

#include <kernel/fake_9p.h>

/* Puts the answer to fake->message, len bytes, into fake->answer. @return its length */
uint32_t fake_9p_serve(struct fake_9p *fake, uint32_t len);
/* A new node; 0, or an errno that is answered. */
int fake_9p_make(struct fake_9p *fake, struct fake_9p_node *dir, const char *name, uint32_t mode, uint32_t gid,
		 struct fake_9p_node **out);
/* Frees it. Beyond the size of its file, a node's data is zeros. */
void fake_9p_discard(struct fake_9p_node *node);
