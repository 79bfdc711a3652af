/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cyclic redundancy checks, of 32 bits and reflected: IEEE 802.3's (GPT), and Castagnoli's (ext4). Any context.
 */
#pragma once

#include <kernel/types.h>

/* IEEE 802.3's; the second goes on after the bytes of which crc is the sum. */
uint32_t crc32(const void *data, size_t len);
uint32_t crc32_more(uint32_t crc, const void *data, size_t len);

/* Castagnoli's without the inversion at the beginning and the end: what ext4 and jbd2 go on with. */
uint32_t crc32c_raw(uint32_t state, const void *data, size_t len);
