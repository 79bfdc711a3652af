/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories: blocks of entries, looked through from one end to the other. A hashed index (its blocks look empty, or
 * like "..", to this) is used by nobody here; the first change takes it away and leaves a directory as it was before
 * there were any, which the format allows. A block is checked as a whole when it is first seen.
 */
#include <kernel/abi/dirent.h>
#include <kernel/crc32.h>
#include <kernel/string.h>

#include "ext.h"

static uint32_t block_count(const struct ext_inode *dir)
{
	return (uint32_t)(dir->inode.size >> dir->fs->block_shift);
}

/* Where entries end: there may be a checksum behind. */
static unsigned usable(const struct ext_fs *fs)
{
	return fs->block_size - (fs->has_csum ? EXT_DIR_TAIL : 0);
}

static struct ext_dirent *entry_at(struct ext_buffer *buffer, unsigned offset)
{
	return (struct ext_dirent *)(buffer->data + offset);
}

static struct ext_dir_tail *tail_of(const struct ext_fs *fs, struct ext_buffer *buffer)
{
	return (struct ext_dir_tail *)(buffer->data + fs->block_size - EXT_DIR_TAIL);
}

/* ---- checks ---- */

static int wrong(struct ext_inode *dir, uint32_t block, const char *what)
{
	return ext_corrupt(dir->fs, "directory %llu, block %u: %s", (unsigned long long)dir->inode.ino, block, what);
}

/* A block of the index: one entry that is empty and takes it all. */
static bool is_index_node(const struct ext_fs *fs, struct ext_buffer *buffer)
{
	const struct ext_dirent *e = entry_at(buffer, 0);

	return !e->ino && e->len == fs->block_size;
}

/* The first block of an indexed directory: its ".." takes all, with the index in it. */
static bool is_index_root(const struct ext_inode *dir, struct ext_buffer *buffer, uint32_t block)
{
	const struct ext_dirent *dotdot = entry_at(buffer, 12);

	return block == 0 && (dir->flags & EXT_FLAG_INDEX) && entry_at(buffer, 0)->len == 12 &&
	       dotdot->len == dir->fs->block_size - 12;
}

static int check(struct ext_inode *dir, uint32_t block, struct ext_buffer *buffer)
{
	struct ext_fs *fs = dir->fs;
	unsigned end = fs->block_size, offset = 0;
	const struct ext_dir_tail *tail = tail_of(fs, buffer);
	bool index = (dir->flags & EXT_FLAG_INDEX) && (is_index_node(fs, buffer) || is_index_root(dir, buffer, block));

	if (fs->has_csum && !index) {
		if (tail->ino || tail->len != EXT_DIR_TAIL || tail->name_len || tail->type != EXT_DIR_TAIL_TYPE)
			return wrong(dir, block, "no checksum");
		end = usable(fs);
		if (crc32c_raw(ext_inode_seed(dir), buffer->data, end) != tail->checksum && !buffer->dirty)
			return wrong(dir, block, "its checksum is wrong");
	}
	while (offset < end) {
		const struct ext_dirent *e = entry_at(buffer, offset);

		if (end - offset < EXT_DIRENT_HEADER + 4 || e->len < EXT_DIRENT_HEADER + 4 || e->len % 4 ||
		    e->len > end - offset || (e->ino && EXT_DIRENT_LEN(e->name_len) > e->len))
			return wrong(dir, block, "an entry's length is wrong");
		if (e->ino && (!e->name_len || e->ino > fs->inodes_count))
			return wrong(dir, block, "an entry is wrong");
		offset += e->len;
	}
	buffer->checked = true;
	return 0;
}

/* Block of a directory, checked; to be put. */
static int get(struct ext_inode *dir, uint32_t block, struct ext_buffer **out)
{
	struct ext_run run;
	uint32_t seed = dir->fs->has_csum ? ext_inode_seed(dir) : 0;
	int err = ext_map(dir, block, &run);

	if (!err && (!run.start || run.unwritten))
		err = wrong(dir, block, "there is none");
	if (!err)
		err = ext_buffer_read(dir->fs, run.start, EXT_DIRECTORY, out);
	if (err)
		return err;
	if (!(*out)->checked || (*out)->owner != seed) {
		err = check(dir, block, *out);
		(*out)->owner = seed;
		if (err)
			ext_buffer_put(dir->fs, *out);
	}
	return err;
}

static void init_tail(struct ext_fs *fs, struct ext_buffer *buffer)
{
	if (!fs->has_csum)
		return;
	*tail_of(fs, buffer) = (struct ext_dir_tail){ .len = EXT_DIR_TAIL, .type = EXT_DIR_TAIL_TYPE };
}

void ext_dir_seal(struct ext_fs *fs, struct ext_buffer *buffer)
{
	if (fs->has_csum)
		tail_of(fs, buffer)->checksum = crc32c_raw(buffer->owner, buffer->data, usable(fs));
}

/* ---- looking ---- */

struct place {
	struct ext_buffer *buffer;
	unsigned offset, before;	/* of the entry, and of the one before it in the block (the same: none) */
	uint32_t block;
};

static bool matches(const struct ext_dirent *e, const char *name, size_t len)
{
	return e->ino && e->name_len == len && !memcmp(e->name, name, len);
}

static bool find_in_block(struct ext_fs *fs, struct place *place, const char *name, size_t len)
{
	place->before = 0;
	for (place->offset = 0; place->offset < usable(fs);) {
		const struct ext_dirent *e = entry_at(place->buffer, place->offset);

		if (matches(e, name, len))
			return true;
		place->before = place->offset;
		place->offset += e->len;
	}
	return false;
}

/* The entry of that name, in a buffer that is to be put. Begins where the last one was found. */
static int find(struct ext_inode *dir, const char *name, size_t len, struct place *place)
{
	uint32_t count = block_count(dir);

	for (uint32_t i = 0; i < count; i++) {
		int err;

		place->block = (dir->find_hint + i) % count;
		err = get(dir, place->block, &place->buffer);
		if (err)
			return err;
		if (find_in_block(dir->fs, place, name, len)) {
			dir->find_hint = place->block;
			return 0;
		}
		ext_buffer_put(dir->fs, place->buffer);
	}
	return -ENOENT;
}

int ext_dir_find(struct ext_inode *dir, const char *name, size_t len, uint32_t *ino)
{
	struct place place;
	int err = find(dir, name, len, &place);

	if (err)
		return err;
	*ino = entry_at(place.buffer, place.offset)->ino;
	ext_buffer_put(dir->fs, place.buffer);
	return 0;
}

int ext_dir_is_empty(struct ext_inode *dir)
{
	for (uint32_t block = 0; block < block_count(dir); block++) {
		struct ext_buffer *buffer;
		int err = get(dir, block, &buffer);

		if (err)
			return err;
		for (unsigned offset = 0; !err && offset < usable(dir->fs); offset += entry_at(buffer, offset)->len) {
			const struct ext_dirent *e = entry_at(buffer, offset);

			if (e->ino && !matches(e, ".", 1) && !matches(e, "..", 2))
				err = -ENOTEMPTY;
		}
		ext_buffer_put(dir->fs, buffer);
		if (err)
			return err;
	}
	return 0;
}

/* ---- changing ---- */

/* What an entry says of its inode's type, and the mode that stands for it. */
static const unsigned modes[] = { 0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK };

static unsigned type_of(const struct ext_fs *fs, unsigned mode)
{
	unsigned type = array_size(modes) - 1;

	while (type && modes[type] != (mode & S_IFMT))
		type--;
	return fs->has_filetype ? type : 0;
}

static unsigned dirent_type(const struct ext_fs *fs, const struct ext_dirent *e)
{
	return fs->has_filetype && e->type < array_size(modes) ? DT_OF_MODE(modes[e->type]) : DT_OF_MODE(0);
}

static void changed(struct ext_inode *dir, struct ext_buffer *buffer)
{
	ext_buffer_dirty(dir->fs, buffer);
	ext_inode_changed(&dir->inode);
}

/* Its blocks become what they would be without an index. */
static int drop_index(struct ext_inode *dir)
{
	struct ext_fs *fs = dir->fs;

	if (!(dir->flags & EXT_FLAG_INDEX))
		return 0;
	for (uint32_t block = 0; block < block_count(dir); block++) {
		struct ext_buffer *buffer;
		int err = get(dir, block, &buffer);

		if (err)
			return err;
		if (is_index_node(fs, buffer) || is_index_root(dir, buffer, block)) {
			struct ext_dirent *last = entry_at(buffer, is_index_node(fs, buffer) ? 0 : 12);
			unsigned from = (unsigned)((uint8_t *)last - buffer->data);
			unsigned keep = from + (from ? 12 : EXT_DIRENT_HEADER);

			last->len = (uint16_t)(usable(fs) - from);
			memset(buffer->data + keep, 0, fs->block_size - keep);
			init_tail(fs, buffer);
			changed(dir, buffer);
		}
		ext_buffer_put(fs, buffer);
	}
	dir->flags &= ~EXT_FLAG_INDEX;
	ext_inode_changed(&dir->inode);
	return 0;
}

static void put_entry(struct ext_fs *fs, struct ext_dirent *e, const char *name, size_t len, uint32_t ino,
		      unsigned mode)
{
	e->ino = ino;
	e->name_len = (uint8_t)len;
	e->type = (uint8_t)type_of(fs, mode);
	memcpy(e->name, name, len);
}

/* Into a block that has room: behind an entry that is longer than it must be, or in an empty one. */
static bool add_to_block(struct ext_inode *dir, struct ext_buffer *buffer, const char *name, size_t len, uint32_t ino,
			 unsigned mode)
{
	unsigned need = EXT_DIRENT_LEN(len);

	for (unsigned offset = 0; offset < usable(dir->fs);) {
		struct ext_dirent *e = entry_at(buffer, offset);
		unsigned used = e->ino ? EXT_DIRENT_LEN(e->name_len) : 0, left = e->len - used;

		if (left >= need) {
			if (used) {
				e->len = (uint16_t)used;
				e = entry_at(buffer, offset + used);
				e->len = (uint16_t)left;
			}
			put_entry(dir->fs, e, name, len, ino, mode);
			changed(dir, buffer);
			return true;
		}
		offset += e->len;
	}
	return false;
}

static int append_block(struct ext_inode *dir, struct ext_buffer **out)
{
	struct ext_fs *fs = dir->fs;
	struct ext_run run;
	bool fresh;
	int err = ext_map_create(dir, block_count(dir), 1, &run, &fresh);

	if (!err)
		err = ext_buffer_new(fs, run.start, EXT_DIRECTORY, out);
	if (err)
		return err;
	(*out)->owner = fs->has_csum ? ext_inode_seed(dir) : 0;
	entry_at(*out, 0)->len = (uint16_t)usable(fs);
	init_tail(fs, *out);
	dir->inode.size += fs->block_size;
	ext_inode_changed(&dir->inode);
	return 0;
}

int ext_dir_add(struct ext_inode *dir, const char *name, size_t len, uint32_t ino, unsigned mode)
{
	struct ext_buffer *buffer;
	bool added = false;
	int err = drop_index(dir);

	for (uint32_t block = dir->add_hint; !err && !added && block < block_count(dir); block++) {
		err = get(dir, block, &buffer);
		if (err)
			return err;
		added = add_to_block(dir, buffer, name, len, ino, mode);
		dir->add_hint = block;
		ext_buffer_put(dir->fs, buffer);
	}
	if (err || added)
		return err;
	err = append_block(dir, &buffer);
	if (err)
		return err;
	add_to_block(dir, buffer, name, len, ino, mode);
	dir->add_hint = block_count(dir) - 1;
	ext_buffer_put(dir->fs, buffer);
	return 0;
}

int ext_dir_remove(struct ext_inode *dir, const char *name, size_t len)
{
	struct place place;
	struct ext_dirent *e;
	int err = drop_index(dir);

	if (!err)
		err = find(dir, name, len, &place);
	if (err)
		return err;
	e = entry_at(place.buffer, place.offset);
	if (place.before == place.offset) {
		e->ino = 0;
	} else {
		struct ext_dirent *before = entry_at(place.buffer, place.before);

		before->len = (uint16_t)(before->len + e->len);
	}
	dir->add_hint = min(dir->add_hint, place.block);
	changed(dir, place.buffer);
	ext_buffer_put(dir->fs, place.buffer);
	return 0;
}

int ext_dir_replace(struct ext_inode *dir, const char *name, size_t len, uint32_t ino, unsigned mode)
{
	struct place place;
	struct ext_dirent *e;
	int err = drop_index(dir);

	if (!err)
		err = find(dir, name, len, &place);
	if (err)
		return err;
	e = entry_at(place.buffer, place.offset);
	e->ino = ino;
	e->type = (uint8_t)type_of(dir->fs, mode);
	changed(dir, place.buffer);
	ext_buffer_put(dir->fs, place.buffer);
	return 0;
}

int ext_dir_make(struct ext_inode *dir, uint32_t parent)
{
	struct ext_buffer *buffer;
	struct ext_dirent *e;
	int err = append_block(dir, &buffer);

	if (err)
		return err;
	e = entry_at(buffer, 0);
	e->len = 12;
	put_entry(dir->fs, e, ".", 1, (uint32_t)dir->inode.ino, S_IFDIR);
	e = entry_at(buffer, 12);
	e->len = (uint16_t)(usable(dir->fs) - 12);
	put_entry(dir->fs, e, "..", 2, parent, S_IFDIR);
	ext_buffer_put(dir->fs, buffer);
	return 0;
}

/* ---- open directories: a position is that of an entry in the directory's blocks ---- */

/* The entries of one block from an offset on, which may lie inside of an entry that has grown. False: stop. */
static bool emit_block(struct file *file, struct ext_inode *dir, struct ext_buffer *buffer, uint64_t base,
		       struct dir_context *context)
{
	for (unsigned offset = 0; offset < usable(dir->fs);) {
		const struct ext_dirent *e = entry_at(buffer, offset);
		off_t next = (off_t)(base + offset + e->len);

		if ((off_t)(base + offset) >= file->position) {
			if (next - (off_t)base >= usable(dir->fs))
				next = (off_t)base + dir->fs->block_size;
			if (e->ino &&
			    !context->emit(context, e->name, e->name_len, e->ino, dirent_type(dir->fs, e), next))
				return false;
			file->position = next;
		}
		offset += e->len;
	}
	file->position = (off_t)base + dir->fs->block_size;
	return true;
}

static int dir_iterate(struct file *file, struct dir_context *context)
{
	struct ext_inode *dir = ext_inode_of(file->inode);
	struct ext_fs *fs = dir->fs;
	bool more = true;
	int err = 0;

	vfs_lock();
	mutex_lock(&fs->lock);
	while (more && !err && file->position < dir->inode.size && file->inode->nlink) {
		uint32_t block = (uint32_t)(file->position >> fs->block_shift);
		struct ext_buffer *buffer;

		err = get(dir, block, &buffer);
		if (err)
			break;
		more = emit_block(file, dir, buffer, (uint64_t)block << fs->block_shift, context);
		ext_buffer_put(fs, buffer);
	}
	mutex_unlock(&fs->lock);
	vfs_unlock();
	return err;
}

static ssize_t dir_read(struct file *file UNUSED, struct io *io UNUSED, off_t *position UNUSED)
{
	return -EISDIR;
}

static off_t dir_seek(struct file *file, off_t offset, int whence)
{
	return file_seek_size(file, offset, whence, file->inode->size);
}

static int dir_sync(struct file *file, bool data_only UNUSED)
{
	return file->inode->sb->ops->sync(file->inode->sb);
}

const struct file_ops ext_dir_fops = {
	.read = dir_read,
	.seek = dir_seek,
	.iterate = dir_iterate,
	.sync = dir_sync,
};
