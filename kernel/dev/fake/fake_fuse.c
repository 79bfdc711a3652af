/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fake FUSE server answers: see kernel/fake_server.h. A node's number on the wire is its place and one; it
 * stays while there are lookups that were not given back, without a name once that was taken away.
 */
#include "fake_server_internal.h"

#include <kernel/abi/stat.h>
#include <kernel/errno.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>

enum {
	LOOKUP = 1,
	FORGET = 2,
	GETATTR = 3,
	SETATTR = 4,
	READLINK = 5,
	SYMLINK = 6,
	MKNOD = 8,
	MKDIR = 9,
	UNLINK = 10,
	RMDIR = 11,
	RENAME = 12,
	OPEN = 14,
	READ = 15,
	WRITE = 16,
	STATFS = 17,
	RELEASE = 18,
	FSYNC = 20,
	INIT = 26,
	OPENDIR = 27,
	READDIR = 28,
	RELEASEDIR = 29,
	FSYNCDIR = 30,
	CREATE = 35,
	DESTROY = 38,
	RENAME2 = 45,
};
#define HEADER 40u
#define OUT_HEADER 16u
#define NOWHERE 0xffu /* the parent of a node without a name */
#define MAX_PAGES (1u << 22)
#define EXCHANGE 2u
#define SETATTR_MODE 1u
#define SETATTR_UID 2u
#define SETATTR_GID 4u
#define SETATTR_SIZE 8u

/* ---- the wire ---- */

/* Up to a NUL: what is longer than can be kept is cut, so that it is not found. */
static void take_name(struct wire *w, char name[FAKE_SERVER_NAME])
{
	unsigned len = 0;
	char c;

	while (w->at < w->len && (c = (char)wire_take(w, 1)))
		if (len < FAKE_SERVER_NAME - 1)
			name[len++] = c;
	name[len] = 0;
}

static void give_attributes(struct wire *w, const struct fake_server *fake, const struct fake_server_node *node)
{
	wire_give(w, 8, fake_server_number(fake, node) + 1u);
	wire_give(w, 8, node->size);
	wire_give(w, 8, (node->size + 511) / 512);
	for (int i = 0; i < 3; i++) /* times: the version is when it was changed */
		wire_give(w, 8, 1000 + node->version);
	wire_give(w, 8, 0);
	wire_give(w, 4, 0);
	wire_give(w, 4, node->mode);
	wire_give(w, 4, node->links);
	wire_give(w, 4, node->uid);
	wire_give(w, 4, node->gid);
	wire_give(w, 4, 0);
	wire_give(w, 8, 4096);
}

/* One that the client knows from now on, once more. */
static void give_entry(struct wire *w, struct fake_server *fake, struct fake_server_node *node)
{
	wire_give(w, 8, fake_server_number(fake, node) + 1u);
	for (int i = 0; i < 4; i++)
		wire_give(w, 8, 0);
	give_attributes(w, fake, node);
	node->lookups++;
}

/* ---- nodes and open files ---- */

static struct fake_server_node *node_at(struct fake_server *fake, uint64_t number)
{
	struct fake_server_node *node = number - 1 < FAKE_SERVER_NODES ? &fake->nodes[number - 1] : NULL;

	return node && node->used ? node : NULL;
}

static void lose_name(struct fake_server_node *node)
{
	node->parent = NOWHERE;
	node->links = 0;
	if (!node->lookups)
		fake_server_discard(node);
}

static void forget(struct fake_server *fake, uint64_t number, uint64_t lookups)
{
	struct fake_server_node *node = number == 1 ? NULL : node_at(fake, number);

	if (!node)
		return;
	node->lookups -= min(node->lookups, lookups);
	if (!node->lookups && node->parent == NOWHERE)
		fake_server_discard(node);
}

static int open(struct fake_server *fake, struct fake_server_node *node, struct wire *out)
{
	for (unsigned i = 0; i < FAKE_SERVER_FIDS; i++) {
		if (fake->fids[i].open)
			continue;
		fake->fids[i] = (struct fake_server_fid){ i + 1, fake_server_number(fake, node), true };
		wire_give(out, 8, i + 1);
		wire_give(out, 8, 0);
		return 0;
	}
	return ENFILE;
}

static void release(struct fake_server *fake, uint64_t handle)
{
	if (handle - 1 < FAKE_SERVER_FIDS)
		fake->fids[handle - 1].open = false;
}

static struct fake_server_node *opened(struct fake_server *fake, uint64_t handle)
{
	return handle - 1 < FAKE_SERVER_FIDS && fake->fids[handle - 1].open
		       ? node_at(fake, fake->fids[handle - 1].node + 1u)
		       : NULL;
}

/* ---- messages: each returns an errno that is answered, or 0 ---- */

static int init(struct wire *in, struct wire *out)
{
	wire_give(out, 4, wire_take(in, 4));
	wire_give(out, 4, wire_take(in, 4));
	wire_give(out, 4, wire_take(in, 4));
	wire_give(out, 4, wire_take(in, 4) & MAX_PAGES);
	wire_give(out, 4, 0);
	wire_give(out, 4, 64 * KIB);
	wire_give(out, 4, 1);
	wire_give(out, 4, 16);
	for (int i = 0; i < 4; i++)
		wire_give(out, 8, 0);
	return 0;
}

static int lookup(struct fake_server *fake, struct fake_server_node *dir, struct wire *in, struct wire *out)
{
	struct fake_server_node *node;
	char name[FAKE_SERVER_NAME];

	take_name(in, name);
	node = fake_server_child(fake, dir, name);
	if (!node)
		return ENOENT;
	give_entry(out, fake, node);
	return 0;
}

static int getattr(struct fake_server *fake, struct fake_server_node *node, struct wire *out)
{
	wire_give(out, 8, 0);
	wire_give(out, 8, 0);
	give_attributes(out, fake, node);
	return 0;
}

static int setattr(struct fake_server *fake, struct fake_server_node *node, struct wire *in, struct wire *out)
{
	uint32_t valid = (uint32_t)wire_take(in, 8), mode, uid, gid;
	uint64_t size;
	int err;

	wire_take(in, 8);
	size = wire_take(in, 8);
	in->at += 4 * 8 + 3 * 4;
	mode = (uint32_t)wire_take(in, 8);
	uid = (uint32_t)wire_take(in, 4);
	gid = (uint32_t)wire_take(in, 4);
	err = valid & SETATTR_SIZE ? fake_server_resize(node, size) : 0;
	if (err)
		return err;
	if (valid & SETATTR_MODE)
		node->mode = (node->mode & S_IFMT) | (mode & S_IALLUGO);
	if (valid & SETATTR_UID)
		node->uid = uid;
	if (valid & SETATTR_GID)
		node->gid = gid;
	return getattr(fake, node, out);
}

/* MKDIR: mode umask. MKNOD: mode rdev umask padding. CREATE: flags mode umask open_flags. SYMLINK: nothing. */
static int make(struct fake_server *fake, struct fake_server_node *dir, uint32_t opcode, struct wire *in,
		struct wire *out)
{
	char name[FAKE_SERVER_NAME], target[FAKE_SERVER_NAME] = "";
	struct fake_server_node *node;
	uint32_t mode = S_IFLNK | 0777;
	int err;

	if (opcode == CREATE)
		wire_take(in, 4);
	if (opcode != SYMLINK)
		mode = (uint32_t)wire_take(in, 4) & (S_IFMT | S_IALLUGO);
	if (opcode != SYMLINK)
		in->at += opcode == MKDIR ? 4 : opcode == CREATE ? 8 : 12;
	take_name(in, name);
	if (opcode == SYMLINK)
		take_name(in, target);
	if (opcode == MKDIR)
		mode = S_IFDIR | (mode & S_IALLUGO);
	err = fake_server_make(fake, dir, name, mode, 0, &node);
	if (err)
		return err;
	fake_server_set_target(node, target);
	give_entry(out, fake, node);
	return opcode == CREATE ? open(fake, node, out) : 0;
}

static int read(struct fake_server *fake, uint32_t opcode, struct wire *in, struct wire *out)
{
	struct fake_server_node *node = opened(fake, wire_take(in, 8));
	uint64_t offset = wire_take(in, 8);
	uint32_t count = (uint32_t)wire_take(in, 4), start = out->at;

	if (!node)
		return EBADF;
	if (opcode == READ) {
		uint64_t size = S_ISREG(node->mode) ? node->size : 0;

		count = (uint32_t)min((uint64_t)count, offset < size ? size - offset : 0);
		if (count)
			wire_give_bytes(out, node->data + offset, count);
		return 0;
	}
	count = min(count, (uint32_t)FAKE_SERVER_ANSWER - 64);
	for (uint64_t i = max(offset, (uint64_t)1); i < FAKE_SERVER_NODES; i++) { /* that of the node after it */
		const struct fake_server_node *child = &fake->nodes[i];
		uint32_t len = (uint32_t)strlen(child->name);

		if (!child->used || child->parent != fake_server_number(fake, node))
			continue;
		if (out->at - start + align_up(24 + len, 8u) > count)
			break;
		wire_give(out, 8, i + 1);
		wire_give(out, 8, i + 1);
		wire_give(out, 4, len);
		wire_give(out, 4, (child->mode & S_IFMT) >> 12);
		wire_give_bytes(out, child->name, len);
		while ((out->at - start) % 8)
			wire_give(out, 1, 0);
	}
	return 0;
}

static int write(struct fake_server *fake, struct wire *in, struct wire *out)
{
	struct fake_server_node *node = opened(fake, wire_take(in, 8));
	uint64_t offset = wire_take(in, 8);
	uint32_t count = (uint32_t)wire_take(in, 4);
	int err;

	if (!node || !S_ISREG(node->mode))
		return EBADF;
	in->at += 20;
	count = min(count, in->len - min(in->at, in->len)); /* less than asked may be written */
	err = fake_server_write(node, offset, in->bytes + in->at, &count);
	if (err)
		return err;
	wire_give(out, 8, count);
	return 0;
}

static int remove(struct fake_server *fake, struct fake_server_node *dir, bool directory, struct wire *in)
{
	struct fake_server_node *node;
	char name[FAKE_SERVER_NAME];

	take_name(in, name);
	node = fake_server_child(fake, dir, name);
	if (!node)
		return ENOENT;
	if (S_ISDIR(node->mode) != directory)
		return directory ? ENOTDIR : EISDIR;
	if (fake_server_has_children(fake, node))
		return ENOTEMPTY;
	lose_name(node);
	return 0;
}

static int rename(struct fake_server *fake, struct fake_server_node *from, bool has_flags, struct wire *in)
{
	struct fake_server_node *to = node_at(fake, wire_take(in, 8)), *node, *old;
	uint32_t flags = has_flags ? (uint32_t)wire_take(in, 8) : 0;
	char name[FAKE_SERVER_NAME], new_name[FAKE_SERVER_NAME];

	take_name(in, name);
	take_name(in, new_name);
	node = fake_server_child(fake, from, name);
	if (!node || !to || !S_ISDIR(to->mode) || node == to)
		return ENOENT;
	old = fake_server_child(fake, to, new_name);
	if (flags & EXCHANGE) {
		if (!old || old == from)
			return EINVAL;
		old->parent = fake_server_number(fake, from);
		memcpy(old->name, name, sizeof(name));
	} else if (old && old != node) {
		lose_name(old);
	}
	node->parent = fake_server_number(fake, to);
	memcpy(node->name, new_name, sizeof(new_name));
	return 0;
}

static void statfs(struct wire *out)
{
	for (int i = 0; i < 5; i++)
		wire_give(out, 8, 1000);
	wire_give(out, 4, 4096);
	wire_give(out, 4, 255);
	for (int i = 0; i < 4; i++)
		wire_give(out, 8, 4096);
}

/* Messages about a node. Of a file with a second name this server knows only one: it does not do that. */
static int serve_node(struct fake_server *fake, uint32_t opcode, struct fake_server_node *node, struct wire *in,
		      struct wire *out)
{
	switch (opcode) {
	case LOOKUP: return lookup(fake, node, in, out);
	case GETATTR: return getattr(fake, node, out);
	case SETATTR: return setattr(fake, node, in, out);
	case READLINK: wire_give_bytes(out, node->data, S_ISLNK(node->mode) ? (uint32_t)node->size : 0); return 0;
	case OPEN:
	case OPENDIR: return open(fake, node, out);
	case SYMLINK:
	case MKNOD:
	case MKDIR:
	case CREATE: return make(fake, node, opcode, in, out);
	case UNLINK: return remove(fake, node, false, in);
	case RMDIR: return remove(fake, node, true, in);
	case RENAME:
	case RENAME2: return rename(fake, node, opcode == RENAME2, in);
	default: return ENOSYS;
	}
}

static int serve_any(struct fake_server *fake, uint32_t opcode, uint64_t number, struct wire *in, struct wire *out)
{
	struct fake_server_node *node = node_at(fake, number);

	switch (opcode) {
	case INIT: return init(in, out);
	case FORGET: forget(fake, number, wire_take(in, 8)); return 0;
	case READ:
	case READDIR: return read(fake, opcode, in, out);
	case WRITE: return write(fake, in, out);
	case RELEASE:
	case RELEASEDIR: release(fake, wire_take(in, 8)); return 0;
	case STATFS: statfs(out); return 0;
	case FSYNC:
	case FSYNCDIR:
	case DESTROY: return 0;
	default: return node ? serve_node(fake, opcode, node, in, out) : ENOENT;
	}
}

static unsigned type_of(const uint8_t *message)
{
	uint32_t opcode;

	memcpy(&opcode, message + 4, 4);
	return opcode;
}

static uint32_t serve(struct fake_server *fake, uint32_t len)
{
	struct wire in = { fake->message, HEADER, len }, out = { fake->answer, OUT_HEADER, 0 };
	uint32_t opcode = type_of(fake->message);
	int32_t error;
	uint64_t node;

	memcpy(&node, fake->message + 16, 8);
	error = -serve_any(fake, opcode, node, &in, &out);
	snapshot_mark(fake->answer, max(out.at, (uint32_t)FAKE_SERVER_HOOK));
	if (error)
		out.at = OUT_HEADER;
	memcpy(fake->answer, &out.at, 4);
	memcpy(fake->answer + 4, &error, 4);
	memcpy(fake->answer + 8, fake->message + 8, 8);
	return opcode == FORGET ? 0 : out.at;
}

static void set_tag(uint8_t *config)
{
	memcpy(config, FAKE_SERVER_TAG, sizeof(FAKE_SERVER_TAG) - 1);
	config[36] = 1; /* queue for requests */
}

const struct fake_protocol fake_fuse = {
	.id = VIRTIO_ID_FS,
	.queue = 1,
	.queues = 2,
	.header = HEADER,
	.type = type_of,
	.serve = serve,
	.set_tag = set_tag,
};
