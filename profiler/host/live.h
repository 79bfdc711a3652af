/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that was allocated and not given back while it was recorded: events "alloc" and "free", matched by pointer.
 */
#pragma once

#include "profile.h"

/**
 * True in live[] for each sample of the event that is an allocation without its "free".
 *
 * @param live	an entry a sample of the profile
 * @return -1: the event is not "alloc"
 */
int live_find(const struct profile *profile, uint32_t event, bool *live);

/* Makes 0 of the values of all others. */
int live_apply(struct profile *profile, uint32_t event);
