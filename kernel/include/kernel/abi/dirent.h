/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What getdents and getdents64 write: records of variable length, each a multiple of 8 bytes.
 */
#pragma once

#include <kernel/types.h>

#define DT_UNKNOWN 0
/* DT_* of a mode: its type bits. */
#define DT_OF_MODE(mode) (((mode) & 0170000u) >> 12)

/* struct linux_dirent64; the name follows, NUL-terminated. */
struct abi_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
} __attribute__((packed));

/* struct linux_dirent; the type is in the record's last byte. */
struct abi_dirent {
	uint64_t d_ino;
	uint64_t d_off;
	uint16_t d_reclen;
	char d_name[];
} __attribute__((packed));
