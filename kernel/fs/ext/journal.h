/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal on the disk, as ext4's documentation tells of jbd2: big-endian, in the blocks of inode 8.
 */
#pragma once

#include "ext.h"

#define JOURNAL_MAGIC 0xc03b3998u

enum journal_type {
	JOURNAL_DESCRIPTOR = 1,
	JOURNAL_COMMIT = 2,
	JOURNAL_SUPER_V1 = 3,
	JOURNAL_SUPER_V2 = 4,
	JOURNAL_REVOKE = 5
};

#define JOURNAL_INCOMPAT_REVOKE 0x1u
#define JOURNAL_INCOMPAT_64BIT 0x2u
#define JOURNAL_INCOMPAT_ASYNC 0x4u
#define JOURNAL_INCOMPAT_CSUM_V2 0x8u
#define JOURNAL_INCOMPAT_CSUM_V3 0x10u
#define JOURNAL_INCOMPAT_KNOWN                                                                                         \
	(JOURNAL_INCOMPAT_REVOKE | JOURNAL_INCOMPAT_64BIT | JOURNAL_INCOMPAT_ASYNC | JOURNAL_INCOMPAT_CSUM_V2 |        \
	 JOURNAL_INCOMPAT_CSUM_V3)

struct journal_header {
	uint32_t magic, type, sequence;
} PACKED;

struct journal_super {
	struct journal_header header;
	uint32_t block_size, blocks, first;
	uint32_t sequence, start;
	uint32_t error;
	uint32_t compat, incompat, ro_compat;
	uint8_t uuid[16];
	uint32_t users, dynamic_super, max_transaction, max_data;
	uint8_t checksum_type, unused[171];
	uint32_t checksum;
	uint8_t user_ids[768];
} PACKED;
_Static_assert(sizeof(struct journal_super) == 1024, "a journal's superblock");

struct journal_commit {
	struct journal_header header;
	uint8_t checksum_type, checksum_size, unused[2];
	uint32_t checksum[8];
	uint64_t seconds;
	uint32_t nanoseconds;
} PACKED;

struct journal_revoke {
	struct journal_header header;
	uint32_t bytes;		/* used, with this header */
} PACKED;

#define JOURNAL_TAG_ESCAPED 1u
#define JOURNAL_TAG_SAME_UUID 2u
#define JOURNAL_TAG_LAST 8u
#define JOURNAL_UUID_SIZE 16u
#define JOURNAL_TAIL_SIZE 4u

static inline uint32_t be32(uint32_t value)
{
	return __builtin_bswap32(value);
}

static inline bool journal_has_csum(const struct ext_journal *journal)
{
	return journal->features & (JOURNAL_INCOMPAT_CSUM_V2 | JOURNAL_INCOMPAT_CSUM_V3);
}

/* A tag in a descriptor: 16 bytes with CSUM_V3; else 12 or 8, and two more with CSUM_V2. */
static inline unsigned journal_tag_size(const struct ext_journal *journal)
{
	if (journal->features & JOURNAL_INCOMPAT_CSUM_V3)
		return 16;
	return (journal->features & JOURNAL_INCOMPAT_64BIT ? 12u : 8u) +
	       (journal->features & JOURNAL_INCOMPAT_CSUM_V2 ? 2u : 0u);
}

/* Of a block with a header: the last four bytes. */
uint32_t journal_tail_checksum(const struct ext_fs *fs, const void *block);
uint32_t journal_commit_checksum(const struct ext_fs *fs, const void *block);
/* Of a block of metadata, as it is in the journal. */
uint32_t journal_data_checksum(const struct ext_fs *fs, uint32_t sequence, const void *block);
int journal_read(struct ext_fs *fs, uint32_t index, void *to);
