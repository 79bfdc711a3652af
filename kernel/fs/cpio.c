/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unpacks newc archives: see kernel/cpio.h. A header is 110 characters: a magic number and 13 numbers of eight hex
 * digits; name and content follow, each padded to four bytes. Everything in it is untrusted.
 */
#include <kernel/cpio.h>

#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "ramfs.h"

#define HEADER_SIZE 110
#define TRAILER "TRAILER!!!"

enum field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_SIZE,
	F_DEVMAJOR,
	F_DEVMINOR,
	F_RMAJOR,
	F_RMINOR,
	F_NAMESIZE,
	F_SUM,
	FIELD_COUNT
};

/* A file that has more names: where its first one was put. */
struct hard_link {
	struct list node;
	uint32_t ino, major, minor;
	struct inode *inode;
};

struct unpacker {
	struct path root;
	const uint8_t *data;
	size_t size, at;
	struct list links;
	/* The entry at hand. */
	uint32_t field[FIELD_COUNT];
	const char *name;
	const uint8_t *content;
};

static int hex_field(const uint8_t *text, uint32_t *value)
{
	uint32_t n = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t c = text[i];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			n = n << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -EINVAL;
	}
	*value = n;
	return 0;
}

/* Moves on by len bytes and the padding after them. False when the archive ends before. */
static bool take(struct unpacker *u, size_t len, const uint8_t **start)
{
	if (len > u->size - u->at)
		return false;
	*start = u->data + u->at;
	u->at = min(align_up(u->at + len, (size_t)4), u->size);
	return true;
}

static int read_header(struct unpacker *u)
{
	const uint8_t *header = u->data + u->at, *name;

	if (u->size - u->at < HEADER_SIZE)
		return -EINVAL;
	if (memcmp(header, "070701", 6) && memcmp(header, "070702", 6))
		return -EINVAL;
	for (int i = 0; i < FIELD_COUNT; i++)
		if (hex_field(header + 6 + 8 * i, &u->field[i]))
			return -EINVAL;
	if (u->field[F_NAMESIZE] == 0 || u->field[F_NAMESIZE] > PATH_MAX)
		return -EINVAL;
	if (!take(u, HEADER_SIZE + u->field[F_NAMESIZE], &name))
		return -EINVAL;
	u->name = (const char *)name + HEADER_SIZE;
	if (u->name[u->field[F_NAMESIZE] - 1] || strlen(u->name) + 1 != u->field[F_NAMESIZE])
		return -EINVAL;
	return take(u, u->field[F_SIZE], &u->content) ? 0 : -EINVAL;
}

/* ---- where an entry goes ---- */

/* The directory and last component of a name that stays below root. last_len 0: root itself. */
struct place {
	struct dentry *dir;
	const char *last;
	size_t last_len;
};

static int find_place(const struct unpacker *u, struct place *place)
{
	const char *s = u->name;

	*place = (struct place){ .dir = u->root.dentry };
	for (;;) {
		const char *end;

		while (*s == '/')
			s++;
		if (!*s)
			return 0;
		if (place->last_len) {
			struct dentry *dir = dentry_find(place->dir, place->last, place->last_len);

			if (!dir)
				return -ENOENT;
			if (!S_ISDIR(dir->inode->mode))
				return -ENOTDIR;
			place->dir = dir;
			place->last_len = 0;
		}
		end = strchr(s, '/');
		if (!end)
			end = s + strlen(s);
		if (end - s > NAME_MAX)
			return -ENAMETOOLONG;
		if (end - s == 2 && s[0] == '.' && s[1] == '.')
			return -EPERM;
		if (end - s != 1 || s[0] != '.') {
			place->last = s;
			place->last_len = (size_t)(end - s);
		}
		s = end;
	}
}

/* ---- making entries ---- */

static int fill_content(struct unpacker *u, struct inode *inode)
{
	struct file *file;
	struct io io;
	ssize_t n;

	if (!u->field[F_SIZE])
		return 0;
	file = file_alloc(inode->fops, O_WRONLY, inode_get(inode), NULL);
	if (!file) {
		inode_put(inode);
		return -ENOMEM;
	}
	io_kernel(&io, (void *)(uintptr_t)u->content, u->field[F_SIZE]);
	n = file_write_at(file, &io, 0);
	file_put(file);
	return n < 0 ? (int)n : n == u->field[F_SIZE] ? 0 : -ENOSPC;
}

static int fill_target(struct unpacker *u, struct inode *inode)
{
	size_t len = u->field[F_SIZE];

	if (len == 0 || len >= PATH_MAX || memchr(u->content, 0, len))
		return -EINVAL;
	inode->target = heap_alloc(len + 1);
	if (!inode->target)
		return -ENOMEM;
	memcpy(inode->target, u->content, len);
	inode->target[len] = 0;
	inode->size = (off_t)len;
	return 0;
}

static void set_attributes(const struct unpacker *u, struct inode *inode)
{
	inode->mode = u->field[F_MODE] & (S_IFMT | S_IALLUGO);
	inode->uid = u->field[F_UID];
	inode->gid = u->field[F_GID];
	inode->mtime = (struct timestamp){ u->field[F_MTIME], 0 };
}

static struct hard_link *find_link(struct unpacker *u)
{
	if (u->field[F_NLINK] < 2)
		return NULL;
	list_foreach(&u->links, struct hard_link, node, l)
		if (l->ino == u->field[F_INO] && l->major == u->field[F_DEVMAJOR] && l->minor == u->field[F_DEVMINOR])
			return l;
	return NULL;
}

static int remember_link(struct unpacker *u, struct inode *inode)
{
	struct hard_link *l;

	if (u->field[F_NLINK] < 2)
		return 0;
	l = heap_alloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = (struct hard_link){
		.ino = u->field[F_INO],
		.major = u->field[F_DEVMAJOR],
		.minor = u->field[F_DEVMINOR],
		.inode = inode_get(inode),
	};
	list_append(&u->links, &l->node);
	return 0;
}

/* What is there already goes, but for a directory that is to be one. 1: that is the case. */
static int clear_place(const struct unpacker *u, const struct place *place)
{
	struct dentry *old = place->last_len ? dentry_find(place->dir, place->last, place->last_len) : u->root.dentry;

	if (!old)
		return 0;
	if (S_ISDIR(u->field[F_MODE]) && S_ISDIR(old->inode->mode)) {
		set_attributes(u, old->inode);
		return 1;
	}
	if (S_ISDIR(old->inode->mode))
		return -EISDIR;
	namespace_remove(old);
	return 0;
}

static int make_inode(struct unpacker *u, struct inode **out)
{
	struct superblock *sb = u->root.dentry->inode->sb;
	unsigned mode = u->field[F_MODE] & (S_IFMT | S_IALLUGO);
	int err = sb->ops->inode_create(sb, mode, DEV_MAKE(u->field[F_RMAJOR] & 0xfff, u->field[F_RMINOR] & 0xfffff),
					out);

	if (err)
		return err;
	if (!S_ISCHR(mode) && !S_ISBLK(mode))
		(*out)->rdev = 0;
	set_attributes(u, *out);
	if (S_ISLNK(mode))
		err = fill_target(u, *out);
	if (err)
		inode_put(*out);
	return err;
}

static bool type_is_known(unsigned mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) ||
	       S_ISSOCK(mode);
}

static int make_entry(struct unpacker *u, const struct place *place, struct inode **regular)
{
	struct hard_link *l = S_ISDIR(u->field[F_MODE]) ? NULL : find_link(u);
	struct inode *inode;
	int err;

	if (l) {
		inode = inode_get(l->inode);
		inode->nlink++;
	} else {
		err = make_inode(u, &inode);
		if (err)
			return err;
	}
	err = dentry_add(place->dir, place->last, place->last_len, inode, NULL);
	if (!err && !l && !S_ISDIR(inode->mode))
		err = remember_link(u, inode);
	if (!err && S_ISDIR(inode->mode))
		place->dir->inode->nlink++;
	if (!err && S_ISREG(inode->mode))
		*regular = inode_get(inode);
	inode_put(inode);
	return err;
}

static int unpack_entry(struct unpacker *u)
{
	struct inode *regular = NULL;
	struct place place;
	int err;

	if (!type_is_known(u->field[F_MODE]))
		return -EINVAL;
	vfs_lock();
	err = find_place(u, &place);
	if (!err)
		err = clear_place(u, &place);
	if (!err)
		err = make_entry(u, &place, &regular);
	vfs_unlock();
	if (regular) {
		if (!err)
			err = fill_content(u, regular);
		set_attributes(u, regular); /* the write has moved the time */
		inode_put(regular);
	}
	return err == 1 ? 0 : err;
}

static void forget_links(struct unpacker *u)
{
	list_foreach_safe(&u->links, struct hard_link, node, l) {
		list_remove(&l->node);
		inode_put(l->inode);
		heap_free(l);
	}
}

static int unpack_all(struct unpacker *u)
{
	while (u->at < u->size) {
		size_t start = u->at;
		int err;

		if (!u->data[u->at]) { /* padding between archives */
			u->at++;
			continue;
		}
		err = read_header(u);
		if (err) {
			log_error("initrd: byte %zu: no cpio (newc) entry, or one that is cut short", start);
			return err;
		}
		if (!strcmp(u->name, TRAILER)) {
			forget_links(u);
			continue;
		}
		err = unpack_entry(u);
		if (err) {
			log_error("initrd: %.200s: %s", u->name, errno_name(-err));
			return err;
		}
	}
	return 0;
}

int cpio_unpack(struct path root, const void *data, size_t size)
{
	struct unpacker u = { .root = root, .data = data, .size = size };
	int err;

	list_init(&u.links);
	err = unpack_all(&u);
	forget_links(&u);
	return err;
}
