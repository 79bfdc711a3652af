/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replaying a journal, whoever wrote it: transactions in order of their numbers, as far as they are whole. Twice: first
 * to find the end and what was revoked, then to copy. The journal is a ring, and is gone through once at most.
 */
#include "journal.h"

#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/sort.h>
#include <kernel/string.h>

struct revoked {
	uint64_t block;
	uint32_t sequence;
	uint32_t order;		/* in which they were met */
};

struct replay {
	struct ext_fs *fs;
	uint8_t *block, *data;		/* room for one each */
	uint32_t at, visited;
	uint32_t sequence, end;		/* the transaction that is read; the first that is not whole */
	bool copying;
	unsigned copied;
	struct revoked *revoked, **sorted;
	size_t revoked_count, revoked_room;
};

/* The next block of the ring. -EUCLEAN: all were seen. */
static int next(struct replay *r, void *to)
{
	const struct ext_journal *j = &r->fs->journal;
	uint32_t index = r->at;

	if (r->visited++ >= j->blocks)
		return ext_corrupt(r->fs, "the journal has no end");
	r->at = r->at + 1 == j->blocks ? j->first : r->at + 1;
	return to ? journal_read(r->fs, index, to) : 0;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32(value);
}

static int compare(const void *a, const void *b)
{
	const struct revoked *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* In order of blocks, and of each the last one only. */
static int sort_revoked(struct replay *r)
{
	size_t kept = 0;

	r->sorted = heap_array(r->revoked_count + 1, sizeof(*r->sorted));
	if (!r->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < r->revoked_count; i++)
		r->sorted[i] = &r->revoked[i];
	sort_pointers((const void **)r->sorted, r->revoked_count, compare);
	for (size_t i = 0; i < r->revoked_count; i++)
		if (i + 1 == r->revoked_count || r->sorted[i + 1]->block != r->sorted[i]->block)
			r->sorted[kept++] = r->sorted[i];
	r->revoked_count = kept;
	return 0;
}

static bool is_revoked(const struct replay *r, uint64_t block)
{
	size_t low = 0, high = r->revoked_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->sorted[middle]->block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->revoked_count && r->sorted[low]->block == block &&
	       (int32_t)(r->sorted[low]->sequence - r->sequence) >= 0;
}

/* ---- one block that a descriptor tells of ---- */

struct tag {
	uint64_t block;
	unsigned flags;
	uint32_t checksum;
};

static struct tag read_tag(const struct replay *r, const uint8_t *at)
{
	uint32_t features = r->fs->journal.features;
	struct tag tag = { get32(at), 0, 0 };

	if (features & JOURNAL_INCOMPAT_CSUM_V3) {
		tag.flags = get32(at + 4);
		tag.checksum = get32(at + 12);
	} else {
		tag.checksum = (uint32_t)at[4] << 8 | at[5];
		tag.flags = (unsigned)at[6] << 8 | at[7];
	}
	if (features & (JOURNAL_INCOMPAT_64BIT | JOURNAL_INCOMPAT_CSUM_V3))
		tag.block |= (uint64_t)get32(at + 8) << 32;
	return tag;
}

static bool data_is_right(const struct replay *r, const struct tag *tag)
{
	uint32_t crc, features = r->fs->journal.features;

	if (!journal_has_csum(&r->fs->journal))
		return true;
	crc = journal_data_checksum(r->fs, r->sequence, r->data);
	return features & JOURNAL_INCOMPAT_CSUM_V3 ? crc == tag->checksum : (crc & 0xffff) == tag->checksum;
}

static int copy(struct replay *r, const struct tag *tag)
{
	static const uint32_t magic = JOURNAL_MAGIC;
	struct ext_fs *fs = r->fs;
	uint32_t first = be32(magic);
	int err = next(r, r->data);

	if (err)
		return err;
	if (!data_is_right(r, tag))
		return ext_corrupt(fs, "the journal: a checksum is wrong");
	if (tag->block >= fs->blocks_count)
		return ext_corrupt(fs, "the journal: block %llu is not on the disk", (unsigned long long)tag->block);
	if (is_revoked(r, tag->block))
		return 0;
	if (tag->flags & JOURNAL_TAG_ESCAPED)
		memcpy(r->data, &first, sizeof(first));
	r->copied++;
	return block_cache_write_through(fs->dev, tag->block << fs->block_shift, r->data, fs->block_size);
}

/* ---- blocks of the journal itself ---- */

static bool tail_is_right(const struct replay *r)
{
	const struct ext_fs *fs = r->fs;

	return !journal_has_csum(&fs->journal) ||
	       get32(r->block + fs->block_size - JOURNAL_TAIL_SIZE) == journal_tail_checksum(fs, r->block);
}

static int descriptor(struct replay *r)
{
	const struct ext_journal *j = &r->fs->journal;
	unsigned size = journal_tag_size(j), at = sizeof(struct journal_header);
	unsigned end = r->fs->block_size - (journal_has_csum(j) ? JOURNAL_TAIL_SIZE : 0);
	int err = 0;

	while (!err && at + size <= end) {
		struct tag tag = read_tag(r, r->block + at);

		err = r->copying ? copy(r, &tag) : next(r, NULL);
		at += size + (tag.flags & JOURNAL_TAG_SAME_UUID ? 0 : JOURNAL_UUID_SIZE);
		if (tag.flags & JOURNAL_TAG_LAST)
			break;
	}
	return err;
}

static int revoke(struct replay *r)
{
	const struct journal_revoke *header = (const void *)r->block;
	unsigned size = r->fs->journal.features & JOURNAL_INCOMPAT_64BIT ? 8 : 4;
	unsigned end = min(be32(header->bytes), r->fs->block_size);

	if (r->copying)
		return 0;
	for (unsigned at = sizeof(*header); at + size <= end; at += size) {
		uint64_t block = size == 8 ? (uint64_t)get32(r->block + at) << 32 | get32(r->block + at + 4)
					   : get32(r->block + at);

		if (r->revoked_count == r->revoked_room) {
			size_t room = r->revoked_room ? 2 * r->revoked_room : 64;
			struct revoked *more = heap_resize(r->revoked, room * sizeof(*more));

			if (!more)
				return -ENOMEM;
			r->revoked = more;
			r->revoked_room = room;
		}
		r->revoked[r->revoked_count] = (struct revoked){ block, r->sequence, (uint32_t)r->revoked_count };
		r->revoked_count++;
	}
	return 0;
}

/* Goes on while the blocks belong to the transaction that is expected. */
static int pass(struct replay *r, uint32_t start, uint32_t sequence)
{
	int err = 0;

	r->at = start;
	r->visited = 0;
	r->sequence = sequence;
	while (!r->copying || r->sequence != r->end) {
		const struct journal_header *header = (const void *)r->block;
		enum journal_type type;

		/* A journal that is full to the last block ends there. */
		if (!r->copying && r->visited >= r->fs->journal.blocks)
			break;
		err = next(r, r->block);
		if (err)
			return err;
		type = be32(header->type);
		if (be32(header->magic) != JOURNAL_MAGIC || be32(header->sequence) != r->sequence)
			break;
		if (type == JOURNAL_DESCRIPTOR && tail_is_right(r)) {
			err = descriptor(r);
		} else if (type == JOURNAL_REVOKE && tail_is_right(r)) {
			err = revoke(r);
		} else if (type == JOURNAL_COMMIT) {
			const struct journal_commit *commit = (const void *)r->block;

			if (journal_has_csum(&r->fs->journal) &&
			    be32(commit->checksum[0]) != journal_commit_checksum(r->fs, r->block))
				break;
			r->sequence++;
		} else {
			break;
		}
		if (err)
			return err;
	}
	if (!r->copying)
		r->end = r->sequence;
	return 0;
}

int ext_journal_replay(struct ext_fs *fs, uint32_t start)
{
	struct replay r = { .fs = fs, .block = heap_alloc(2 * (size_t)fs->block_size) };
	uint32_t sequence = fs->journal.sequence;
	int err;

	if (!r.block)
		return -ENOMEM;
	r.data = r.block + fs->block_size;
	if (start < fs->journal.first)
		err = ext_corrupt(fs, "the journal begins at %u", start);
	else
		err = pass(&r, start, sequence);
	if (!err && r.end != sequence) {
		r.copying = true;
		err = sort_revoked(&r) ?: pass(&r, start, sequence);
	}
	if (!err) {
		fs->journal.sequence = r.end + 1;
		log_info("%s: ext: the journal was replayed: %u transactions, %u blocks", fs->dev->name,
			 r.end - sequence, r.copied);
		err = block_flush(fs->dev);
	}
	heap_free(r.sorted);
	heap_free(r.revoked);
	heap_free(r.block);
	return err;
}
