/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal. It holds one transaction at a time: its blocks and a commit block are written and made to last, then the
 * blocks in their places, and then the journal's superblock says that the next transaction is expected. So nothing is
 * ever to be revoked, and what a crash leaves is either a whole transaction to be replayed, or none. The price is that
 * metadata is written twice at each commit; the gain is that there is no log to be managed.
 */
#include "journal.h"

#include <kernel/crc32.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>

/* ---- checksums ---- */

uint32_t journal_tail_checksum(const struct ext_fs *fs, const void *block)
{
	static const uint32_t none;

	return crc32c_raw(crc32c_raw(fs->journal.seed, block, fs->block_size - JOURNAL_TAIL_SIZE), &none, sizeof(none));
}

uint32_t journal_commit_checksum(const struct ext_fs *fs, const void *block)
{
	static const uint32_t none;
	const size_t at = offsetof(struct journal_commit, checksum), after = at + sizeof(none);
	uint32_t crc = crc32c_raw(fs->journal.seed, block, at);

	crc = crc32c_raw(crc, &none, sizeof(none));
	return crc32c_raw(crc, (const uint8_t *)block + after, fs->block_size - after);
}

uint32_t journal_data_checksum(const struct ext_fs *fs, uint32_t sequence, const void *block)
{
	uint32_t be = be32(sequence), crc = crc32c_raw(fs->journal.seed, &be, sizeof(be));

	return crc32c_raw(crc, block, fs->block_size);
}

static uint32_t super_checksum(const struct journal_super *super)
{
	struct journal_super copy = *super;

	copy.checksum = 0;
	return crc32c_raw(UINT32_MAX, &copy, sizeof(copy));
}

/* ---- its blocks ---- */

int ext_journal_block(struct ext_fs *fs, uint32_t index, uint64_t *block)
{
	struct ext_run run;
	int err = ext_map(fs->journal.inode, index, &run);

	if (!err && (!run.start || run.unwritten))
		err = ext_corrupt(fs, "the journal has no block %u", index);
	*block = run.start;
	return err;
}

int journal_read(struct ext_fs *fs, uint32_t index, void *to)
{
	uint64_t block;
	int err = ext_journal_block(fs, index, &block);

	return err ? err : block_read(fs->dev, block * ext_sectors(fs), to, fs->block_size);
}

static int journal_put(struct ext_fs *fs, uint32_t index, const void *from)
{
	uint64_t block;
	int err = ext_journal_block(fs, index, &block);

	return err ? err : block_cache_write_through(fs->dev, block << fs->block_shift, from, fs->block_size);
}

/* start: 0, or where recovery begins to look for the next sequence number. */
static int super_write(struct ext_fs *fs, uint32_t start)
{
	uint8_t *room = heap_alloc(fs->block_size);
	struct journal_super *super = (void *)room;
	int err = room ? journal_read(fs, 0, room) : -ENOMEM;

	if (!err) {
		super->start = be32(start);
		super->sequence = be32(fs->journal.sequence);
		if (journal_has_csum(&fs->journal))
			super->checksum = be32(super_checksum(super));
		err = journal_put(fs, 0, room);
	}
	heap_free(room);
	return err ? err : block_flush(fs->dev);
}

/* ---- opening ---- */

static int check_super(struct ext_fs *fs, const struct journal_super *super)
{
	struct ext_journal *j = &fs->journal;
	uint64_t blocks = (uint64_t)j->inode->inode.size >> fs->block_shift;
	uint32_t incompat = be32(super->incompat);

	if (be32(super->header.magic) != JOURNAL_MAGIC || be32(super->header.type) != JOURNAL_SUPER_V2)
		return ext_corrupt(fs, "the journal has no superblock");
	if (incompat & ~JOURNAL_INCOMPAT_KNOWN) {
		log_warning("%s: ext: the journal has features %#x, which are not supported", fs->dev->name,
			    incompat & ~JOURNAL_INCOMPAT_KNOWN);
		return -EINVAL;
	}
	j->features = incompat;
	j->blocks = be32(super->blocks);
	j->first = be32(super->first);
	j->sequence = be32(super->sequence);
	j->seed = crc32c_raw(UINT32_MAX, super->uuid, sizeof(super->uuid));
	if (be32(super->block_size) != fs->block_size || j->blocks > blocks || !j->first || j->first >= j->blocks ||
	    j->blocks - j->first < 16 || be32(super->start) >= j->blocks)
		return ext_corrupt(fs, "the journal's superblock is wrong");
	if (journal_has_csum(j) && be32(super->checksum) != super_checksum(super))
		return ext_corrupt(fs, "the checksum of the journal's superblock is wrong");
	return 0;
}

static int replay(struct ext_fs *fs, uint32_t start)
{
	int err;

	if (fs->dev->read_only) {
		log_warning("%s: ext: the journal is to be replayed, and the device is read-only", fs->dev->name);
		return -EROFS;
	}
	err = start ? ext_journal_replay(fs, start) : 0;
	return err ? err : super_write(fs, 0);
}

int ext_journal_open(struct ext_fs *fs)
{
	struct ext_journal *j = &fs->journal;
	uint8_t *room;
	int err;

	if (!(fs->super->compat & EXT_COMPAT_JOURNAL))
		return 0;
	if (fs->super->journal_ino != EXT_JOURNAL_INO)
		return ext_corrupt(fs, "the journal is inode %u", fs->super->journal_ino);
	err = ext_inode_load(fs, EXT_JOURNAL_INO, &j->inode);
	if (err)
		return err == -ESTALE ? ext_corrupt(fs, "there is no journal") : err;
	atomic_fetch_sub(&fs->sb->refs, 1); /* it goes with the superblock, and does not hold it */
	room = heap_alloc(fs->block_size);
	err = room ? 0 : -ENOMEM;
	if (!err && (!S_ISREG(j->inode->inode.mode) || !j->inode->inode.nlink))
		err = ext_corrupt(fs, "the journal is no file");
	if (!err)
		err = journal_read(fs, 0, room);
	if (!err)
		err = check_super(fs, (const void *)room);
	if (!err && (fs->super->incompat & EXT_INCOMPAT_RECOVER))
		err = replay(fs, be32(((const struct journal_super *)room)->start));
	heap_free(room);
	if (err)
		ext_journal_close(fs);
	return err;
}

void ext_journal_close(struct ext_fs *fs)
{
	if (!fs->journal.inode)
		return;
	ext_inode_destroy(fs->journal.inode);
	fs->journal.inode = NULL;
}

/* ---- writing ---- */

static unsigned tags_room(const struct ext_fs *fs)
{
	unsigned room = fs->block_size - (unsigned)sizeof(struct journal_header) - JOURNAL_UUID_SIZE -
			(journal_has_csum(&fs->journal) ? JOURNAL_TAIL_SIZE : 0);

	return room / journal_tag_size(&fs->journal);
}

static void put32(uint8_t *to, uint32_t value)
{
	value = be32(value);
	memcpy(to, &value, sizeof(value));
}

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put_tag(const struct ext_fs *fs, uint8_t *at, uint64_t block, unsigned flags, uint32_t checksum)
{
	const struct ext_journal *j = &fs->journal;

	memset(at, 0, journal_tag_size(j));
	put32(at, (uint32_t)block);
	if (j->features & JOURNAL_INCOMPAT_CSUM_V3) {
		put32(at + 4, flags);
		put32(at + 8, (uint32_t)(block >> 32));
		put32(at + 12, checksum);
		return;
	}
	if (j->features & JOURNAL_INCOMPAT_CSUM_V2)
		put16(at + 4, checksum & 0xffff);
	put16(at + 6, flags);
	if (j->features & JOURNAL_INCOMPAT_64BIT)
		put32(at + 8, (uint32_t)(block >> 32));
}

static void put_header(const struct ext_fs *fs, void *to, enum journal_type type)
{
	*(struct journal_header *)to = (struct journal_header){ be32(JOURNAL_MAGIC), be32(type),
								be32(fs->journal.sequence) };
}

/* A block that begins like one of the journal's own loses its first word there. */
static bool is_escaped(const void *data)
{
	uint32_t first;

	memcpy(&first, data, sizeof(first));
	return be32(first) == JOURNAL_MAGIC;
}

static int write_data(struct ext_fs *fs, uint32_t index, const uint8_t *data, uint8_t *room, uint32_t *checksum)
{
	if (is_escaped(data)) {
		memcpy(room, data, fs->block_size);
		memset(room, 0, sizeof(uint32_t));
		data = room;
	}
	*checksum = journal_has_csum(&fs->journal) ? journal_data_checksum(fs, fs->journal.sequence, data) : 0;
	return journal_put(fs, index, data);
}

/* A descriptor with up to so many buffers, from *node on, and they themselves. */
static int write_part(struct ext_fs *fs, uint32_t *index, struct list **node, size_t count, uint8_t *room,
		      uint8_t *descriptor)
{
	unsigned tag_size = journal_tag_size(&fs->journal);
	uint8_t *at = descriptor + sizeof(struct journal_header);
	uint32_t place = (*index)++;
	int err = 0;

	memset(descriptor, 0, fs->block_size);
	put_header(fs, descriptor, JOURNAL_DESCRIPTOR);
	for (size_t i = 0; !err && i < count; i++, *node = (*node)->next) {
		const struct ext_buffer *buffer = list_entry(*node, struct ext_buffer, node);
		unsigned flags = (i ? JOURNAL_TAG_SAME_UUID : 0) | (i + 1 == count ? JOURNAL_TAG_LAST : 0) |
				 (is_escaped(buffer->data) ? JOURNAL_TAG_ESCAPED : 0);
		uint32_t checksum;

		err = write_data(fs, (*index)++, buffer->data, room, &checksum);
		put_tag(fs, at, buffer->block, flags, checksum);
		at += tag_size + (i ? 0 : JOURNAL_UUID_SIZE);
	}
	if (journal_has_csum(&fs->journal))
		put32(descriptor + fs->block_size - JOURNAL_TAIL_SIZE, journal_tail_checksum(fs, descriptor));
	return err ? err : journal_put(fs, place, descriptor);
}

static int write_commit(struct ext_fs *fs, uint32_t index, uint8_t *room)
{
	struct journal_commit *commit = (void *)room;
	struct timestamp now = timestamp_now();

	memset(room, 0, fs->block_size);
	put_header(fs, room, JOURNAL_COMMIT);
	commit->seconds = __builtin_bswap64((uint64_t)now.sec);
	commit->nanoseconds = be32(now.nsec);
	if (journal_has_csum(&fs->journal))
		commit->checksum[0] = be32(journal_commit_checksum(fs, room));
	return journal_put(fs, index, room);
}

int ext_journal_write(struct ext_fs *fs)
{
	struct ext_journal *j = &fs->journal;
	size_t left = fs->dirty_count, each = tags_room(fs);
	struct list *node = fs->dirty.next;
	uint32_t index = j->first;
	uint8_t *room;
	int err = 0;

	if (left + (left + each - 1) / each + 1 > j->blocks - j->first)
		return -EFBIG;
	room = heap_alloc(2 * (size_t)fs->block_size);
	if (!room)
		return -ENOMEM;
	while (!err && left) {
		size_t count = min(left, each);

		err = write_part(fs, &index, &node, count, room, room + fs->block_size);
		left -= count;
	}
	if (!err)
		err = block_flush(fs->dev);
	if (!err)
		err = write_commit(fs, index, room);
	if (!err)
		err = block_flush(fs->dev);
	heap_free(room);
	return err;
}

int ext_journal_end(struct ext_fs *fs)
{
	return super_write(fs, 0);
}

int ext_journal_empty(struct ext_fs *fs)
{
	fs->journal.sequence++;
	return super_write(fs, fs->journal.first);
}
