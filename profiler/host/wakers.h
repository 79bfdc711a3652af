/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wake-up chains: what a thread waited for is what woke it, and what that had waited for meanwhile. Events "offcpu" and
 * "wakeup", matched by thread and time.
 */
#pragma once

#include "profile.h"

/**
 * Puts on top of each wait's call chain what ended it: a frame "woken by NAME", then the waker's calls from the one
 * that did it to its first; if the waker itself was woken while the wait lasted, the same of that, and so on.
 *
 * @return -1: the event is not "offcpu", or the recording has no wake-ups
 */
int wakers_apply(struct profile *profile, uint32_t event);
