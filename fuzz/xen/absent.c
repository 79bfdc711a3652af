/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cloner of a build without Xen's libraries: it says so.
 */
#include "cloner.h"

#include <stdio.h>

bool cloner_possible(void)
{
	return false;
}

struct cloner *cloner_open(const struct cloner_options *options, char *error)
{
	snprintf(error, CLONER_ERROR, "this program was built without Xen's libraries; run: make xen-lab tools");
	return NULL;
}

void cloner_close(struct cloner *cloner)
{
}

int cloner_forked(struct cloner *cloner, char *error)
{
	return -1;
}

void cloner_yield(struct cloner *cloner)
{
}

struct clone *cloner_clone(struct cloner *cloner, char *error)
{
	return NULL;
}

unsigned clone_domain(const struct clone *clone)
{
	return 0;
}

uint8_t *clone_memory(struct clone *clone, size_t *size)
{
	return NULL;
}

uint8_t *clone_map_page(struct clone *clone, size_t frame)
{
	return NULL;
}

void clone_unmap_page(struct cloner *cloner, uint8_t *page)
{
}

bool clone_alive(struct clone *clone)
{
	return false;
}

void clone_kill(struct clone *clone)
{
}

void clone_free(struct clone *clone)
{
}

int clone_snapshot(struct clone *clone, const uint8_t *kept)
{
	return -1;
}

int clone_pause(struct clone *clone)
{
	return -1;
}

int clone_restore(struct clone *clone, size_t *pages)
{
	return -1;
}
