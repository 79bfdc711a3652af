/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums over the samples of one event: by function, object and thread.
 */
#pragma once

#include "profile.h"

struct tally_row {
	uint32_t id;			/* function, object, or an index of threads */
	uint64_t self, total;		/* values of samples that ended in it; that had it in their chain, once each */
	uint64_t samples;		/* that ended in it */
};

struct tally_thread {
	uint32_t pid, tid, comm;
};

struct tally {
	/* Those with samples, by self, then total, descending. */
	struct tally_row *functions, *objects, *threads;
	size_t function_count, object_count, thread_count;
	struct tally_thread *thread_names;
	size_t thread_name_count;
	uint64_t total, samples;
};

/* Those of samples whose event is that one. To be ended by tally_free(). */
void tally_make(struct tally *tally, const struct profile *profile, uint32_t event);
void tally_free(struct tally *tally);

/* The event with that name; without one (NULL) the first that has samples. -1: there is none. */
int tally_event(const struct profile *profile, const char *name);
