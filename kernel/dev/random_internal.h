/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator's key, for tests that see whether it changes.
 */
#pragma once

#include <kernel/chacha20.h>

#define RANDOM_KEY_WORDS CHACHA20_KEY_WORDS

extern uint32_t random_key[RANDOM_KEY_WORDS];

/* In a copy of the machine, before anybody else runs. Any context. */
void random_rekey(void);
