/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fake 9P server answers: see kernel/fake_server.h.
 */
#include "fake_server_internal.h"

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
#define F_MOUNT_TAG 0
#define SETATTR_MODE 1u
#define SETATTR_UID 2u
#define SETATTR_GID 4u
#define SETATTR_SIZE 8u

/* ---- the wire ---- */

/* A name as it can be kept: what is longer is cut, so that it is not found. */
static void take_name(struct wire *w, char name[FAKE_SERVER_NAME])
{
	uint32_t len = (uint32_t)wire_take(w, 2);

	for (uint32_t i = 0; i < len; i++) {
		char c = (char)wire_take(w, 1);

		if (i < FAKE_SERVER_NAME - 1)
			name[i] = c;
	}
	name[min(len, (uint32_t)FAKE_SERVER_NAME - 1)] = 0;
}

static void give_string(struct wire *w, const char *s)
{
	wire_give(w, 2, strlen(s));
	wire_give_bytes(w, s, (uint32_t)strlen(s));
}

/* ---- fids ---- */

static struct fake_server_fid *fid_at(struct fake_server *fake, uint32_t number)
{
	for (unsigned i = 0; i < FAKE_SERVER_FIDS; i++)
		if (fake->fids[i].number == number)
			return &fake->fids[i];
	return NULL;
}

static struct fake_server_node *node_at(struct fake_server *fake, uint32_t number)
{
	struct fake_server_fid *fid = number ? fid_at(fake, number) : NULL;

	return fid && fake->nodes[fid->node].used ? &fake->nodes[fid->node] : NULL;
}

static void give_qid(struct wire *w, const struct fake_server *fake, const struct fake_server_node *node)
{
	wire_give(w, 1, S_ISDIR(node->mode) ? 0x80 : S_ISLNK(node->mode) ? 2 : 0);
	wire_give(w, 4, node->version);
	wire_give(w, 8, fake_server_number(fake, node) + 1u);
}

/* ---- messages: each returns an errno that is answered, or 0 ---- */

static int version(struct wire *in, struct wire *out)
{
	wire_give(out, 4, wire_take(in, 4));
	give_string(out, "9P2000.L");
	return 0;
}

static int set_fid(struct fake_server *fake, uint32_t number, struct fake_server_node *node)
{
	struct fake_server_fid *fid = fid_at(fake, number) ? NULL : fid_at(fake, 0);

	if (!fid || !number)
		return EBADF;
	*fid = (struct fake_server_fid){ number, fake_server_number(fake, node), false };
	return 0;
}

static int attach(struct fake_server *fake, struct wire *in, struct wire *out)
{
	give_qid(out, fake, &fake->nodes[0]);
	return set_fid(fake, (uint32_t)wire_take(in, 4), &fake->nodes[0]);
}

static int walk(struct fake_server *fake, struct wire *in, struct wire *out)
{
	struct fake_server_node *node = node_at(fake, (uint32_t)wire_take(in, 4));
	uint32_t number = (uint32_t)wire_take(in, 4), count = (uint32_t)wire_take(in, 2);
	char name[FAKE_SERVER_NAME];

	if (count) {
		take_name(in, name);
		node = node ? fake_server_child(fake, node, name) : NULL;
	}
	wire_give(out, 2, count);
	if (count && node)
		give_qid(out, fake, node);
	return node ? set_fid(fake, number, node) : ENOENT;
}

static int getattr(struct fake_server *fake, struct wire *in, struct wire *out)
{
	const struct fake_server_node *node = node_at(fake, (uint32_t)wire_take(in, 4));

	if (!node)
		return ENOENT;
	wire_give(out, 8, 0x7ff);
	give_qid(out, fake, node);
	wire_give(out, 4, node->mode);
	wire_give(out, 4, node->uid);
	wire_give(out, 4, node->gid);
	wire_give(out, 8, node->links);
	wire_give(out, 8, 0);
	wire_give(out, 8, node->size);
	wire_give(out, 8, 4096);
	wire_give(out, 8, (node->size + 511) / 512);
	for (int i = 0; i < 4; i++) { /* times: the version is when it was changed */
		wire_give(out, 8, 1000 + node->version);
		wire_give(out, 8, 0);
	}
	wire_give(out, 8, 0);
	wire_give(out, 8, 0);
	return 0;
}

static int setattr(struct fake_server *fake, struct wire *in)
{
	struct fake_server_node *node = node_at(fake, (uint32_t)wire_take(in, 4));
	uint32_t valid = (uint32_t)wire_take(in, 4), mode = (uint32_t)wire_take(in, 4),
		 uid = (uint32_t)wire_take(in, 4);
	uint32_t gid = (uint32_t)wire_take(in, 4);

	if (!node)
		return ENOENT;
	if (valid & SETATTR_MODE)
		node->mode = (node->mode & S_IFMT) | (mode & S_IALLUGO);
	if (valid & SETATTR_UID)
		node->uid = uid;
	if (valid & SETATTR_GID)
		node->gid = gid;
	return valid & SETATTR_SIZE ? fake_server_resize(node, wire_take(in, 8)) : 0;
}

static int open(struct fake_server *fake, struct wire *in, struct wire *out)
{
	uint32_t number = (uint32_t)wire_take(in, 4);
	const struct fake_server_node *node = node_at(fake, number);

	if (!node)
		return ENOENT;
	fid_at(fake, number)->open = true;
	give_qid(out, fake, node);
	wire_give(out, 4, 0);
	return 0;
}

static int create(struct fake_server *fake, struct wire *in, struct wire *out)
{
	uint32_t number = (uint32_t)wire_take(in, 4), mode;
	struct fake_server_node *dir = node_at(fake, number), *node;
	char name[FAKE_SERVER_NAME];
	int err;

	take_name(in, name);
	wire_take(in, 4);
	mode = (uint32_t)wire_take(in, 4);
	err = dir ? fake_server_make(fake, dir, name, S_IFREG | (mode & S_IALLUGO), (uint32_t)wire_take(in, 4), &node)
		  : ENOENT;
	if (err)
		return err;
	*fid_at(fake, number) = (struct fake_server_fid){ number, fake_server_number(fake, node), true };
	give_qid(out, fake, node);
	wire_give(out, 4, 0);
	return 0;
}

/* Tmkdir: mode gid. Tmknod: mode major minor gid. Tsymlink: target gid. */
static int make_other(struct fake_server *fake, uint8_t type, struct wire *in, struct wire *out)
{
	struct fake_server_node *dir = node_at(fake, (uint32_t)wire_take(in, 4)), *node;
	char name[FAKE_SERVER_NAME], target[FAKE_SERVER_NAME] = "";
	uint32_t mode = S_IFLNK | 0777;
	int err;

	take_name(in, name);
	if (type == T_SYMLINK)
		take_name(in, target);
	else
		mode = (uint32_t)wire_take(in, 4) & (S_IFMT | S_IALLUGO);
	if (type == T_MKDIR)
		mode = S_IFDIR | (mode & S_IALLUGO);
	err = dir ? fake_server_make(fake, dir, name, mode, 0, &node) : ENOENT;
	if (err)
		return err;
	fake_server_set_target(node, target);
	give_qid(out, fake, node);
	return 0;
}

static int readlink(struct fake_server *fake, struct wire *in, struct wire *out)
{
	const struct fake_server_node *node = node_at(fake, (uint32_t)wire_take(in, 4));

	if (!node || !S_ISLNK(node->mode))
		return EINVAL;
	wire_give(out, 2, node->size);
	wire_give_bytes(out, node->data, (uint32_t)node->size);
	return 0;
}

static int read(struct fake_server *fake, struct wire *in, struct wire *out)
{
	const struct fake_server_node *node = node_at(fake, (uint32_t)wire_take(in, 4));
	uint64_t offset = wire_take(in, 8), size = node && S_ISREG(node->mode) ? node->size : 0;
	uint32_t count = (uint32_t)wire_take(in, 4);

	count = (uint32_t)min((uint64_t)count, offset < size ? size - offset : 0);
	wire_give(out, 4, count);
	if (count)
		wire_give_bytes(out, node->data + offset, count);
	return 0;
}

static int write(struct fake_server *fake, struct wire *in, struct wire *out)
{
	struct fake_server_node *node = node_at(fake, (uint32_t)wire_take(in, 4));
	uint64_t offset = wire_take(in, 8);
	uint32_t count = (uint32_t)wire_take(in, 4);
	int err;

	if (!node || !S_ISREG(node->mode))
		return EBADF;
	count = min(count, in->len - min(in->at, in->len)); /* less than asked may be written */
	err = fake_server_write(node, offset, in->bytes + in->at, &count);
	if (err)
		return err;
	wire_give(out, 4, count);
	return 0;
}

/* An entry's offset is that of the node after it. */
static int readdir(struct fake_server *fake, struct wire *in, struct wire *out)
{
	const struct fake_server_node *dir = node_at(fake, (uint32_t)wire_take(in, 4));
	uint64_t offset = wire_take(in, 8);
	uint32_t limit = min((uint32_t)wire_take(in, 4), (uint32_t)FAKE_SERVER_ANSWER - 64), start = out->at, count;

	wire_give(out, 4, 0);
	for (uint64_t i = max(offset, (uint64_t)1); dir && i < FAKE_SERVER_NODES; i++) {
		const struct fake_server_node *node = &fake->nodes[i];

		if (!node->used || node->parent != fake_server_number(fake, dir))
			continue;
		if (out->at - start - 4 + 24 + strlen(node->name) > limit)
			break;
		give_qid(out, fake, node);
		wire_give(out, 8, i + 1);
		wire_give(out, 1, (node->mode & S_IFMT) >> 12);
		give_string(out, node->name);
	}
	count = out->at - start - 4;
	memcpy(out->bytes + start, &count, sizeof(count));
	return 0;
}

static int unlink(struct fake_server *fake, struct wire *in)
{
	struct fake_server_node *dir = node_at(fake, (uint32_t)wire_take(in, 4)), *node;
	char name[FAKE_SERVER_NAME];

	take_name(in, name);
	node = dir ? fake_server_child(fake, dir, name) : NULL;
	if (!node)
		return ENOENT;
	if (S_ISDIR(node->mode) != !!(wire_take(in, 4) & AT_REMOVEDIR))
		return S_ISDIR(node->mode) ? EISDIR : ENOTDIR;
	if (fake_server_has_children(fake, node))
		return ENOTEMPTY;
	fake_server_discard(node);
	return 0;
}

static int rename(struct fake_server *fake, struct wire *in)
{
	struct fake_server_node *from = node_at(fake, (uint32_t)wire_take(in, 4)), *to, *node, *old;
	char name[FAKE_SERVER_NAME], new_name[FAKE_SERVER_NAME];

	take_name(in, name);
	to = node_at(fake, (uint32_t)wire_take(in, 4));
	take_name(in, new_name);
	node = from ? fake_server_child(fake, from, name) : NULL;
	if (!node || !to || !S_ISDIR(to->mode) || node == to)
		return ENOENT;
	old = fake_server_child(fake, to, new_name);
	if (old && old != node)
		fake_server_discard(old);
	node->parent = fake_server_number(fake, to);
	memcpy(node->name, new_name, sizeof(new_name));
	return 0;
}

/* Of a file with a second name this server knows only one: as many servers, it does not do that. */
static int clunk(struct fake_server *fake, struct wire *in)
{
	uint32_t number = (uint32_t)wire_take(in, 4);
	struct fake_server_fid *fid = number ? fid_at(fake, number) : NULL;

	if (!fid)
		return EBADF;
	fid->number = 0;
	return 0;
}

static void statfs(struct wire *out)
{
	wire_give(out, 4, 0x01021997);
	wire_give(out, 4, 4096);
	for (int i = 0; i < 5; i++)
		wire_give(out, 8, 1000);
	wire_give(out, 8, 0);
	wire_give(out, 4, 255);
}

static int serve(struct fake_server *fake, uint8_t type, struct wire *in, struct wire *out)
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

static uint32_t serve_message(struct fake_server *fake, uint32_t len)
{
	struct wire in = { fake->message, HEADER, len }, out = { fake->answer, HEADER, 0 };
	uint8_t type = fake->message[4];
	int err = serve(fake, type, &in, &out);

	snapshot_mark(fake->answer, max(out.at, (uint32_t)FAKE_SERVER_HOOK));
	if (err) {
		out.at = HEADER;
		wire_give(&out, 4, (uint64_t)err);
	}
	memcpy(fake->answer, &out.at, 4);
	fake->answer[4] = err ? R_LERROR : (uint8_t)(type + 1);
	memcpy(fake->answer + 5, fake->message + 5, 2);
	return out.at;
}

static unsigned type_of(const uint8_t *message)
{
	return message[4];
}

static void set_tag(uint8_t *config)
{
	config[0] = sizeof(FAKE_SERVER_TAG) - 1;
	memcpy(config + 2, FAKE_SERVER_TAG, sizeof(FAKE_SERVER_TAG) - 1);
}

const struct fake_protocol fake_9p = {
	.id = VIRTIO_ID_9P,
	.features = VIRTIO_BIT(F_MOUNT_TAG),
	.queues = 1,
	.header = HEADER,
	.type = type_of,
	.serve = serve_message,
	.set_tag = set_tag,
};
