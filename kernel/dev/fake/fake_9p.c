/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fake 9P server answers: see kernel/fake_9p.h.
 */
#include "fake_9p_internal.h"

#include <kernel/abi/fcntl.h>
#include <kernel/abi/stat.h>
#include <kernel/errno.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

/* Type, header, and the numbers of 9P2000.L that it knows. */
enum {
	R_LERROR = 7,
	T_STATFS = 8,
	T_LOPEN = 12,
	T_LCREATE = 14,
	T_SYMLINK = 16,
	T_MKNOD = 18,
	T_READLINK = 22,
	T_GETATTR = 24,
	T_SETATTR = 26,
	T_READDIR = 40,
	T_FSYNC = 50,
	T_LINK = 70,
	T_MKDIR = 72,
	T_RENAMEAT = 74,
	T_UNLINKAT = 76,
	T_VERSION = 100,
	T_ATTACH = 104,
	T_FLUSH = 108,
	T_WALK = 110,
	T_READ = 116,
	T_WRITE = 118,
	T_CLUNK = 120,
};
#define HEADER 7u
#define SETATTR_MODE 1u
#define SETATTR_UID 2u
#define SETATTR_GID 4u
#define SETATTR_SIZE 8u

/* ---- the wire ---- */

struct wire {
	uint8_t *bytes;
	uint32_t at, len;
};

static uint64_t take(struct wire *w, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++, w->at++)
		if (w->at < w->len)
			value |= (uint64_t)w->bytes[w->at] << 8 * i;
	return value;
}

/* A name as it can be kept: what is longer is cut, so that it is not found. */
static void take_name(struct wire *w, char name[FAKE_9P_NAME])
{
	uint32_t len = (uint32_t)take(w, 2);

	for (uint32_t i = 0; i < len; i++) {
		char c = (char)take(w, 1);

		if (i < FAKE_9P_NAME - 1)
			name[i] = c;
	}
	name[min(len, (uint32_t)FAKE_9P_NAME - 1)] = 0;
}

static void give(struct wire *w, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes && w->at < FAKE_9P_ANSWER; i++)
		w->bytes[w->at++] = (uint8_t)(value >> 8 * i);
}

static void give_bytes(struct wire *w, const void *bytes, uint32_t len)
{
	len = min(len, (uint32_t)FAKE_9P_ANSWER - w->at);
	memcpy(w->bytes + w->at, bytes, len);
	w->at += len;
}

static void give_string(struct wire *w, const char *s)
{
	give(w, 2, strlen(s));
	give_bytes(w, s, (uint32_t)strlen(s));
}

/* ---- nodes and fids ---- */

static uint8_t number_of(const struct fake_9p *fake, const struct fake_9p_node *node)
{
	return (uint8_t)(node - fake->nodes);
}

static struct fake_9p_node *child_of(struct fake_9p *fake, const struct fake_9p_node *dir, const char *name)
{
	for (unsigned i = 1; i < FAKE_9P_NODES; i++) {
		struct fake_9p_node *node = &fake->nodes[i];

		if (node->used && node->parent == number_of(fake, dir) && !strcmp(node->name, name))
			return node;
	}
	return NULL;
}

struct fake_9p_node *fake_9p_find(struct fake_9p *fake, const char *name)
{
	return child_of(fake, &fake->nodes[0], name);
}

static struct fake_9p_fid *fid_at(struct fake_9p *fake, uint32_t number)
{
	for (unsigned i = 0; i < FAKE_9P_FIDS; i++)
		if (fake->fids[i].number == number)
			return &fake->fids[i];
	return NULL;
}

static struct fake_9p_node *node_at(struct fake_9p *fake, uint32_t number)
{
	struct fake_9p_fid *fid = number ? fid_at(fake, number) : NULL;

	return fid && fake->nodes[fid->node].used ? &fake->nodes[fid->node] : NULL;
}

void fake_9p_discard(struct fake_9p_node *node)
{
	size_t len = min((size_t)node->size, (size_t)FAKE_9P_DATA);

	if (len) {
		snapshot_mark(node->data, len);
		memset(node->data, 0, len);
	}
	node->used = false;
	node->size = 0;
}

int fake_9p_make(struct fake_9p *fake, struct fake_9p_node *dir, const char *name, uint32_t mode, uint32_t gid,
		 struct fake_9p_node **out)
{
	if (child_of(fake, dir, name))
		return EEXIST;
	for (unsigned i = 1; i < FAKE_9P_NODES; i++) {
		struct fake_9p_node *node = &fake->nodes[i];

		if (node->used)
			continue;
		node->used = true;
		node->parent = number_of(fake, dir);
		node->links = S_ISDIR(mode) ? 2 : 1;
		node->mode = mode;
		node->uid = 0;
		node->gid = gid;
		node->size = 0;
		node->version = 1;
		memcpy(node->name, name, strlen(name) + 1);
		*out = node;
		return 0;
	}
	return ENOSPC;
}

static void give_qid(struct wire *w, const struct fake_9p *fake, const struct fake_9p_node *node)
{
	give(w, 1, S_ISDIR(node->mode) ? 0x80 : S_ISLNK(node->mode) ? 2 : 0);
	give(w, 4, node->version);
	give(w, 8, number_of(fake, node) + 1u);
}

/* ---- messages: each returns an errno that is answered, or 0 ---- */

static int version(struct wire *in, struct wire *out)
{
	give(out, 4, take(in, 4));
	give_string(out, "9P2000.L");
	return 0;
}

static int set_fid(struct fake_9p *fake, uint32_t number, struct fake_9p_node *node)
{
	struct fake_9p_fid *fid = fid_at(fake, number) ? NULL : fid_at(fake, 0);

	if (!fid || !number)
		return EBADF;
	*fid = (struct fake_9p_fid){ number, number_of(fake, node), false };
	return 0;
}

static int attach(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	give_qid(out, fake, &fake->nodes[0]);
	return set_fid(fake, (uint32_t)take(in, 4), &fake->nodes[0]);
}

static int walk(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	struct fake_9p_node *node = node_at(fake, (uint32_t)take(in, 4));
	uint32_t number = (uint32_t)take(in, 4), count = (uint32_t)take(in, 2);
	char name[FAKE_9P_NAME];

	if (count) {
		take_name(in, name);
		node = node ? child_of(fake, node, name) : NULL;
	}
	give(out, 2, count);
	if (count && node)
		give_qid(out, fake, node);
	return node ? set_fid(fake, number, node) : ENOENT;
}

static int getattr(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	const struct fake_9p_node *node = node_at(fake, (uint32_t)take(in, 4));

	if (!node)
		return ENOENT;
	give(out, 8, 0x7ff);
	give_qid(out, fake, node);
	give(out, 4, node->mode);
	give(out, 4, node->uid);
	give(out, 4, node->gid);
	give(out, 8, node->links);
	give(out, 8, 0);
	give(out, 8, node->size);
	give(out, 8, 4096);
	give(out, 8, (node->size + 511) / 512);
	for (int i = 0; i < 4; i++) { /* times: the version is when it was changed */
		give(out, 8, 1000 + node->version);
		give(out, 8, 0);
	}
	give(out, 8, 0);
	give(out, 8, 0);
	return 0;
}

static int resize(struct fake_9p_node *node, uint64_t size)
{
	if (size > FAKE_9P_DATA)
		return EFBIG;
	snapshot_mark(node->data, FAKE_9P_DATA);
	if (size < node->size)
		memset(node->data + size, 0, (size_t)(node->size - size));
	node->size = size;
	node->version++;
	return 0;
}

static int setattr(struct fake_9p *fake, struct wire *in)
{
	struct fake_9p_node *node = node_at(fake, (uint32_t)take(in, 4));
	uint32_t valid = (uint32_t)take(in, 4), mode = (uint32_t)take(in, 4), uid = (uint32_t)take(in, 4);
	uint32_t gid = (uint32_t)take(in, 4);

	if (!node)
		return ENOENT;
	if (valid & SETATTR_MODE)
		node->mode = (node->mode & S_IFMT) | (mode & S_IALLUGO);
	if (valid & SETATTR_UID)
		node->uid = uid;
	if (valid & SETATTR_GID)
		node->gid = gid;
	return valid & SETATTR_SIZE ? resize(node, take(in, 8)) : 0;
}

static int open(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	uint32_t number = (uint32_t)take(in, 4);
	const struct fake_9p_node *node = node_at(fake, number);

	if (!node)
		return ENOENT;
	fid_at(fake, number)->open = true;
	give_qid(out, fake, node);
	give(out, 4, 0);
	return 0;
}

static int create(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	uint32_t number = (uint32_t)take(in, 4), mode;
	struct fake_9p_node *dir = node_at(fake, number), *node;
	char name[FAKE_9P_NAME];
	int err;

	take_name(in, name);
	take(in, 4);
	mode = (uint32_t)take(in, 4);
	err = dir ? fake_9p_make(fake, dir, name, S_IFREG | (mode & S_IALLUGO), (uint32_t)take(in, 4), &node) : ENOENT;
	if (err)
		return err;
	*fid_at(fake, number) = (struct fake_9p_fid){ number, number_of(fake, node), true };
	give_qid(out, fake, node);
	give(out, 4, 0);
	return 0;
}

/* Tmkdir: mode gid. Tmknod: mode major minor gid. Tsymlink: target gid. */
static int make_other(struct fake_9p *fake, uint8_t type, struct wire *in, struct wire *out)
{
	struct fake_9p_node *dir = node_at(fake, (uint32_t)take(in, 4)), *node;
	char name[FAKE_9P_NAME], target[FAKE_9P_NAME] = "";
	uint32_t mode = S_IFLNK | 0777;
	int err;

	take_name(in, name);
	if (type == T_SYMLINK)
		take_name(in, target);
	else
		mode = (uint32_t)take(in, 4) & (S_IFMT | S_IALLUGO);
	if (type == T_MKDIR)
		mode = S_IFDIR | (mode & S_IALLUGO);
	err = dir ? fake_9p_make(fake, dir, name, mode, 0, &node) : ENOENT;
	if (err)
		return err;
	node->size = strlen(target);
	snapshot_mark(node->data, FAKE_9P_NAME);
	memcpy(node->data, target, (size_t)node->size);
	give_qid(out, fake, node);
	return 0;
}

static int readlink(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	const struct fake_9p_node *node = node_at(fake, (uint32_t)take(in, 4));

	if (!node || !S_ISLNK(node->mode))
		return EINVAL;
	give(out, 2, node->size);
	give_bytes(out, node->data, (uint32_t)node->size);
	return 0;
}

static int read(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	const struct fake_9p_node *node = node_at(fake, (uint32_t)take(in, 4));
	uint64_t offset = take(in, 8), size = node && S_ISREG(node->mode) ? node->size : 0;
	uint32_t count = (uint32_t)take(in, 4);

	count = (uint32_t)min((uint64_t)count, offset < size ? size - offset : 0);
	give(out, 4, count);
	if (count)
		give_bytes(out, node->data + offset, count);
	return 0;
}

static int write(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	struct fake_9p_node *node = node_at(fake, (uint32_t)take(in, 4));
	uint64_t offset = take(in, 8);
	uint32_t count = (uint32_t)take(in, 4);

	if (!node || !S_ISREG(node->mode))
		return EBADF;
	count = min(count, in->len - min(in->at, in->len)); /* less than asked may be written */
	if (offset >= FAKE_9P_DATA)
		return ENOSPC;
	count = (uint32_t)min((uint64_t)count, FAKE_9P_DATA - offset);
	snapshot_mark(node->data + offset, max(count, 1u));
	memcpy(node->data + offset, in->bytes + in->at, count);
	node->size = max(node->size, offset + count);
	node->version++;
	give(out, 4, count);
	return 0;
}

/* An entry's offset is that of the node after it. */
static int readdir(struct fake_9p *fake, struct wire *in, struct wire *out)
{
	const struct fake_9p_node *dir = node_at(fake, (uint32_t)take(in, 4));
	uint64_t offset = take(in, 8);
	uint32_t limit = min((uint32_t)take(in, 4), (uint32_t)FAKE_9P_ANSWER - 64), start = out->at, count;

	give(out, 4, 0);
	for (uint64_t i = max(offset, (uint64_t)1); dir && i < FAKE_9P_NODES; i++) {
		const struct fake_9p_node *node = &fake->nodes[i];

		if (!node->used || node->parent != number_of(fake, dir))
			continue;
		if (out->at - start - 4 + 24 + strlen(node->name) > limit)
			break;
		give_qid(out, fake, node);
		give(out, 8, i + 1);
		give(out, 1, (node->mode & S_IFMT) >> 12);
		give_string(out, node->name);
	}
	count = out->at - start - 4;
	memcpy(out->bytes + start, &count, sizeof(count));
	return 0;
}

static bool has_children(const struct fake_9p *fake, const struct fake_9p_node *dir)
{
	for (unsigned i = 1; i < FAKE_9P_NODES; i++)
		if (fake->nodes[i].used && fake->nodes[i].parent == number_of(fake, dir))
			return true;
	return false;
}

static int unlink(struct fake_9p *fake, struct wire *in)
{
	struct fake_9p_node *dir = node_at(fake, (uint32_t)take(in, 4)), *node;
	char name[FAKE_9P_NAME];

	take_name(in, name);
	node = dir ? child_of(fake, dir, name) : NULL;
	if (!node)
		return ENOENT;
	if (S_ISDIR(node->mode) != !!(take(in, 4) & AT_REMOVEDIR))
		return S_ISDIR(node->mode) ? EISDIR : ENOTDIR;
	if (has_children(fake, node))
		return ENOTEMPTY;
	fake_9p_discard(node);
	return 0;
}

static int rename(struct fake_9p *fake, struct wire *in)
{
	struct fake_9p_node *from = node_at(fake, (uint32_t)take(in, 4)), *to, *node, *old;
	char name[FAKE_9P_NAME], new_name[FAKE_9P_NAME];

	take_name(in, name);
	to = node_at(fake, (uint32_t)take(in, 4));
	take_name(in, new_name);
	node = from ? child_of(fake, from, name) : NULL;
	if (!node || !to || !S_ISDIR(to->mode) || node == to)
		return ENOENT;
	old = child_of(fake, to, new_name);
	if (old && old != node)
		fake_9p_discard(old);
	node->parent = number_of(fake, to);
	memcpy(node->name, new_name, sizeof(new_name));
	return 0;
}

/* Of a file with a second name this server knows only one: as many servers, it does not do that. */
static int clunk(struct fake_9p *fake, struct wire *in)
{
	uint32_t number = (uint32_t)take(in, 4);
	struct fake_9p_fid *fid = number ? fid_at(fake, number) : NULL;

	if (!fid)
		return EBADF;
	fid->number = 0;
	return 0;
}

static void statfs(struct wire *out)
{
	give(out, 4, 0x01021997);
	give(out, 4, 4096);
	for (int i = 0; i < 5; i++)
		give(out, 8, 1000);
	give(out, 8, 0);
	give(out, 4, 255);
}

static int serve(struct fake_9p *fake, uint8_t type, struct wire *in, struct wire *out)
{
	switch (type) {
	case T_VERSION: return version(in, out);
	case T_ATTACH: return attach(fake, in, out);
	case T_WALK: return walk(fake, in, out);
	case T_GETATTR: return getattr(fake, in, out);
	case T_SETATTR: return setattr(fake, in);
	case T_LOPEN: return open(fake, in, out);
	case T_LCREATE: return create(fake, in, out);
	case T_MKDIR:
	case T_MKNOD:
	case T_SYMLINK: return make_other(fake, type, in, out);
	case T_READLINK: return readlink(fake, in, out);
	case T_READ: return read(fake, in, out);
	case T_WRITE: return write(fake, in, out);
	case T_READDIR: return readdir(fake, in, out);
	case T_UNLINKAT: return unlink(fake, in);
	case T_RENAMEAT: return rename(fake, in);
	case T_CLUNK: return clunk(fake, in);
	case T_STATFS: statfs(out); return 0;
	case T_FSYNC:
	case T_FLUSH: return 0;
	default: return EOPNOTSUPP;
	}
}

uint32_t fake_9p_serve(struct fake_9p *fake, uint32_t len)
{
	struct wire in = { fake->message, HEADER, len }, out = { fake->answer, HEADER, 0 };
	uint8_t type = fake->message[4];
	int err = serve(fake, type, &in, &out);

	snapshot_mark(fake->answer, max(out.at, (uint32_t)FAKE_9P_HOOK));
	if (err) {
		out.at = HEADER;
		give(&out, 4, (uint64_t)err);
	}
	memcpy(fake->answer, &out.at, 4);
	fake->answer[4] = err ? R_LERROR : (uint8_t)(type + 1);
	memcpy(fake->answer + 5, fake->message + 5, 2);
	return out.at;
}
