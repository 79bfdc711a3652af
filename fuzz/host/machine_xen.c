/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The xen world's machine: a clone of a domain that booted once (fuzz/xen/cloner.h). This process is in dom0 then; its
 * parent domain is kept for the next machine of the same kind, also by processes that it forks, and goes with the last
 * of them.
 */
#include <fuzz/xen/cloner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define PAGE 4096u
#define NAP_NS 2000000

/* owner: the process whose handles these are; a fork opens its own. */
static struct {
	struct cloner *cloner;
	pid_t owner;
	char kind[MACHINE_LINE + 512];
} parent;

static void close_parent(void)
{
	if (parent.cloner && parent.owner == getpid())
		cloner_close(parent.cloner);
	parent.cloner = NULL;
}

static enum cloner_way way_of(enum tracker tracker)
{
	return tracker == TRACKER_BOOT ? CLONER_BOOT : tracker == TRACKER_RESTORE ? CLONER_RESTORE : CLONER_CLONE;
}

/* 0: the parent at hand is one of this kind. */
static int keep_parent(const char *kind, char *error)
{
	if (!parent.cloner || strcmp(parent.kind, kind))
		return -1;
	if (parent.owner == getpid())
		return 0;
	if (cloner_forked(parent.cloner, error))
		return -1;
	parent.owner = getpid();
	return 0;
}

int machine_prepare_xen(const struct machine_options *of, const char *image, char *error)
{
	struct cloner_options options = { .kernel = image,
					  .way = way_of(of->tracker),
					  .memory_mib = of->memory_mib ? of->memory_mib : MACHINE_MEMORY_MIB,
					  .verbose = of->verbose };
	static bool registered;
	char line[MACHINE_LINE], kind[sizeof(parent.kind)];

	snprintf(line, sizeof(line), "harness=%s%s%s", of->harness, of->append ? " " : "",
		 of->append ? of->append : "");
	snprintf(kind, sizeof(kind), "%s %s %u %u", image, line, options.memory_mib, options.way);
	if (!keep_parent(kind, error))
		return 0;
	close_parent();
	options.command_line = line;
	parent.cloner = cloner_open(&options, error);
	if (!parent.cloner)
		return -1;
	parent.owner = getpid();
	memcpy(parent.kind, kind, sizeof(kind));
	if (!registered)
		atexit(close_parent);
	registered = true;
	return 0;
}

bool machine_xen_possible(void)
{
	return cloner_possible();
}

pid_t machine_spawn_xen(struct machine *machine, char *error)
{
	if (machine_prepare_xen(&machine->options, machine->image, error))
		return -1;
	machine->clone = cloner_clone(parent.cloner, error);
	if (!machine->clone)
		return -1;
	machine->memory = clone_memory(machine->clone, &machine->memory_size);
	if (!machine->memory) {
		snprintf(error, MACHINE_ERROR, "the clone's memory cannot be mapped");
		return -1;
	}
	return (pid_t)clone_domain(machine->clone);
}

static void set_bits(uint8_t *bits, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		bits[i / 8] |= (uint8_t)(1u << i % 8);
}

/* What is the host's: it is written between a reset and the next request. */
int machine_xen_snapshot(struct machine *machine, char *error)
{
	size_t channel = (size_t)((uint8_t *)machine->channel - machine->memory);
	uint8_t *kept;
	int err;

	if (machine->options.tracker != TRACKER_LOGDIRTY)
		return 0;
	kept = calloc(1, machine->memory_size / PAGE / 8 + 1);
	if (!kept) {
		snprintf(error, MACHINE_ERROR, "out of memory");
		return -1;
	}
	set_bits(kept, CHANNEL_BEACON / PAGE, 1);
	set_bits(kept, channel / PAGE, (sizeof(struct channel) + PAGE - 1) / PAGE);
	set_bits(kept, (size_t)(machine->view.counters - machine->memory) / PAGE,
		 (machine->view.counter_count + PAGE - 1) / PAGE);
	err = clone_snapshot(machine->clone, kept);
	free(kept);
	if (err)
		snprintf(error, MACHINE_ERROR, "Xen does not log what the clone writes");
	return err;
}

int machine_xen_reset(struct machine *machine, size_t *pages)
{
	/* At the snapshot it had seen no request: it is not to take the last one for another, nor 0 for one now. */
	if (clone_pause(machine->clone))
		return -1;
	__atomic_store_n(&machine->channel->request_seq, 0, __ATOMIC_SEQ_CST);
	return clone_restore(machine->clone, pages);
}

bool machine_xen_alive(struct machine *machine)
{
	return clone_alive(machine->clone);
}

void machine_xen_rest(const struct machine *machine)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	/* Where others wait here as well, to look whether an answer is there takes the time in which one is made. */
	if (machine->options.crowded)
		nanosleep(&nap, NULL);
	else
		cloner_yield(parent.cloner);
}

uint8_t *machine_xen_page(const struct machine *machine, size_t frame)
{
	return clone_map_page(machine->clone, frame);
}

void machine_xen_kill(struct machine *machine)
{
	clone_kill(machine->clone);
}

void machine_xen_free(struct machine *machine)
{
	clone_free(machine->clone);
	machine->clone = NULL;
	machine->memory = NULL;
}
