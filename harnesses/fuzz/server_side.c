/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Using a volume whose server answers as the input says: see server_side.h.
 */
#include "server_side.h"

#include <kernel/abi/mount.h>
#include <kernel/clock.h>
#include <kernel/harness.h>
#include <kernel/page.h>
#include <kernel/snapshot.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#define OPS_MAX 24
#define FILES 3
#define MOUNTPOINT "/volume"
#define BUFFER (20 * KIB)

static const struct server_side *kind;
static struct fake_server *fake;
static struct script answers;
static struct file *files[FILES];
static uint8_t *buffer;

/* ---- the server ---- */

enum {
	HONEST,
	REFUSED,  /* with that errno */
	CHANGED,  /* a few bytes are others */
	REPLACED, /* by bytes of the input; the tag is right */
	FORGED,   /* by bytes of the input */
	LONGER,   /* the device says that it wrote more, or less */
	TWICE,
	NEVER,
	LATER,    /* and one that was withheld before comes now, with this one's bytes */
	BROKEN,
	FATES
};

/* What says to which message an answer is stays, where it is to. */
static void set_answer(uint8_t *answer, uint32_t *len, bool keep)
{
	uint8_t kept[8];
	uint32_t at = kind->reply_at, size = kind->reply_size;

	memcpy(kept, answer + at, size);
	*len = (uint32_t)script_take(&answers, 2) % 512;
	script_bytes(&answers, answer, *len);
	if (keep && *len >= at + size)
		memcpy(answer + at, kept, size);
}

static void change(uint8_t *answer, uint32_t len)
{
	for (unsigned n = (unsigned)script_take(&answers, 1) % 8 + 1; n; n--) {
		uint32_t at = (uint32_t)script_take(&answers, 1);

		answer[at % len] = (uint8_t)script_take(&answers, 1);
	}
}

static enum fake_server_fate decide(struct fake_server *f, unsigned type UNUSED, uint8_t *answer, uint32_t *len,
				    uint32_t *used)
{
	unsigned fate = (unsigned)script_take(&answers, 1) % FATES;

	if (fate == REFUSED)
		*len = kind->refuse(answer, (uint8_t)script_take(&answers, 1));
	else if (fate == CHANGED)
		change(answer, *len);
	else if (fate == REPLACED || fate == FORGED)
		set_answer(answer, len, fate == REPLACED);
	else if (fate == LATER)
		fake_server_release(f, (unsigned)script_take(&answers, 1) % 8, answer, *len);
	else if (fate == BROKEN)
		f->virtio.status |= VIRTIO_STATUS_NEEDS_RESET;
	*used = fate == LONGER ? *len + (uint32_t)(int8_t)script_take(&answers, 1) : *len;
	return fate == NEVER || fate == LATER ? FAKE_SERVER_WITHHELD
	       : fate == TWICE                ? FAKE_SERVER_TWICE
					      : FAKE_SERVER_ANSWERED;
}

/* ---- what is done to it ---- */

struct op {
	uint8_t kind, name, a, b;
};

static const char *const names[] = {
	MOUNTPOINT "/f",   MOUNTPOINT "/g",   MOUNTPOINT "/d", MOUNTPOINT "/l",
	MOUNTPOINT "/d/h", MOUNTPOINT "/d/e", MOUNTPOINT,      MOUNTPOINT "/l/.."
};

static const char *name_of(unsigned n)
{
	return names[n % array_size(names)];
}

static bool never(void *arg UNUSED)
{
	return false;
}

/* Time passes, after which nothing is believed any more. */
static long sleep_a_while(void)
{
	struct wait_queue queue = WAIT_QUEUE_INIT(queue);

	return wait_until(&queue, never, NULL, clock_ns() + 2 * NSEC_PER_SEC);
}

static long stat_name(const char *name)
{
	struct abi_stat stat;
	struct path path;
	int err = path_lookup(AT_FDCWD, name, 0, &path);

	if (err)
		return err;
	inode_refresh(path.dentry->inode);
	inode_stat(path.dentry->inode, &stat);
	path_put(path);
	return stat.st_size;
}

static long open_name(const char *name, unsigned how, unsigned slot)
{
	static const unsigned flags[] = { O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_WRONLY | O_APPEND,
					  O_RDWR | O_CREAT | O_TRUNC, O_RDONLY | O_DIRECTORY };
	struct file **file = &files[slot % FILES];

	if (*file)
		file_put(*file);
	*file = NULL;
	return vfs_open(AT_FDCWD, name, flags[how % array_size(flags)], 0644, file);
}

static long transfer(struct file *file, unsigned a, unsigned b, bool write)
{
	size_t len = min((size_t)a * 80 + 1, (size_t)BUFFER);
	off_t offset = (off_t)b * 97;
	struct io io;

	snapshot_mark(buffer, len);
	io_kernel(&io, buffer, len);
	return write ? file_write_at(file, &io, offset) : file_read_at(file, &io, offset);
}

static bool count_entry(struct dir_context *context UNUSED, const char *name, size_t len, uint64_t ino, unsigned type,
			off_t next UNUSED)
{
	uint64_t hash = ino * 31 + type;

	for (size_t i = 0; i < len; i++)
		hash = hash * 31 + (uint8_t)name[i];
	harness_result_bytes(1, &hash, sizeof(hash));
	return true;
}

static long list(struct file *file)
{
	struct dir_context context = { count_entry };

	return file->ops->iterate ? file->ops->iterate(file, &context) : -ENOTDIR;
}

/* As a mapping does that is written to, and comes and goes. */
static long touch_page(struct file *file, unsigned index, bool write)
{
	struct page *page;
	int err = file->ops->map_page ? 0 : -ENODEV;

	if (err || !file->ops->mapped)
		return err;
	file->ops->mapped(file, write, true);
	err = file->ops->map_page(file, index % 4, write, &page);
	if (!err && page) {
		harness_result_bytes(2, page_virt(page), 64);
		if (write)
			((uint8_t *)page_virt(page))[index] ^= 0x55;
		page_put(page);
	}
	file->ops->mapped(file, write, false);
	return err;
}

static long rename_name(const char *from, const char *to, unsigned flags)
{
	struct walk a, b;
	int err = walk_begin(&a, AT_FDCWD, from, 0), begun;

	begun = walk_begin_nested(&b, AT_FDCWD, to, 0);
	err = err ? err : begun;
	if (!err)
		err = walk_parent(&a);
	if (!err)
		err = walk_parent(&b);
	if (!err)
		err = vfs_rename(&a, &b, flags);
	walk_end(&a);
	walk_end_nested(&b);
	return err;
}

/* Something about an inode, found by name. */
static long at_inode(const char *name, unsigned kind, unsigned a)
{
	struct fs_stats stats = { 0 };
	struct path path;
	long result = path_lookup(AT_FDCWD, name, 0, &path);
	struct inode *inode;

	if (result)
		return result;
	inode = path.dentry->inode;
	snapshot_mark(buffer, 1);
	switch (kind) {
	case 0: result = inode_chmod(inode, a | 0600); break;
	case 1: result = inode_chown(inode, a, a); break;
	case 2: result = inode_truncate(inode, (off_t)a * 60); break;
	case 3:
		if (inode->sb->ops->stats)
			inode->sb->ops->stats(inode->sb, &stats);
		result = (long)stats.blocks;
		break;
	case 4:
		if (inode->sb->ops->remote)
			result = inode->sb->ops->remote->xattr_get(inode, "user.x", buffer, a * 16);
		break;
	case 5:
		if (inode->sb->ops->remote)
			result = inode->sb->ops->remote->xattr_list(inode, buffer, a * 16);
		break;
	default:
		if (inode->sb->ops->remote)
			result = inode->sb->ops->remote->xattr_set(inode, "user.x", buffer, a * 16, 0);
		break;
	}
	path_put(path);
	return result;
}

static long link_name(const char *from, const char *to)
{
	struct path path;
	int err = path_lookup(AT_FDCWD, from, 0, &path);

	if (err)
		return err;
	err = vfs_link(path, AT_FDCWD, to);
	path_put(path);
	return err;
}

enum {
	STAT,
	OPEN,
	READ,
	WRITE,
	LIST,
	MAP,
	MAP_WRITE,
	SYNC,
	CLOSE,
	MKDIR,
	MKNOD,
	SYMLINK,
	LINK,
	UNLINK,
	RMDIR,
	RENAME,
	INODE,
	SLEEP,
	SYNC_ALL,
	OPS
};

static long on_file(const struct op *op, struct file *file)
{
	switch (op->kind % OPS) {
	case READ: return transfer(file, op->a, op->b, false);
	case WRITE: return transfer(file, op->a, op->b, true);
	case LIST: return list(file);
	case MAP: return touch_page(file, op->a, false);
	case MAP_WRITE: return (file->flags & O_ACCMODE) == O_RDWR ? touch_page(file, op->a, true) : -EACCES;
	default: return file->ops->sync ? file->ops->sync(file, op->a & 1) : -EINVAL;
	}
}

static long do_op(const struct op *op)
{
	const char *name = name_of(op->name);
	struct file **file = &files[op->name % FILES];

	switch (op->kind % OPS) {
	case STAT: return stat_name(name);
	case OPEN: return open_name(name, op->a, op->b);
	case CLOSE:
		if (*file)
			file_put(*file);
		*file = NULL;
		return 0;
	case MKDIR: return vfs_mkdir(AT_FDCWD, name, 0755);
	case MKNOD: return vfs_mknod(AT_FDCWD, name, S_IFIFO | 0644, 0);
	case SYMLINK: return vfs_symlink(AT_FDCWD, name, "f");
	case LINK: return link_name(name, name_of(op->a));
	case UNLINK: return vfs_unlink(AT_FDCWD, name);
	case RMDIR: return vfs_rmdir(AT_FDCWD, name);
	case RENAME: return rename_name(name, name_of(op->a), op->b & 1 ? RENAME_EXCHANGE : 0);
	case INODE: return at_inode(name, op->a % 7, op->b);
	case SLEEP: return sleep_a_while();
	case SYNC_ALL: return mounts_sync();
	default: return *file ? on_file(op, *file) : -EBADF;
	}
}

/* ---- a run ---- */

static int mount_volume(unsigned how)
{
	return mount_create_at(MOUNTPOINT, kind->filesystem, FAKE_SERVER_TAG, 0, kind->options[how % 4], NULL);
}

int server_side_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	unsigned how = (unsigned)script_take(&script, 1), count = (unsigned)script_take(&script, 1) % (OPS_MAX + 1);
	int err;

	answers = script;
	answers.at += count * sizeof(struct op);
	fake->hook = decide;
	fake->virtio.features ^= how & 4 ? VIRTIO_BIT(VIRTIO_F_EVENT_IDX) : 0;
	fake->virtio.queue_max[fake->protocol->queue] = how & 8 ? 4 : 32;
	err = fake_server_attach(fake);
	if (!err)
		err = mount_volume(how);
	harness_result(0, (uint64_t)err);
	for (unsigned i = 0; !err && i < count; i++) {
		struct op op;

		script_bytes(&script, &op, sizeof(op));
		harness_call_begin(i);
		harness_result(3 + i, (uint64_t)do_op(&op));
	}
	return err;
}

/* What was mounted goes, and what is kept for a later look. */
void server_side_teardown(void)
{
	struct path at;

	for (unsigned i = 0; i < FILES; i++) {
		if (files[i])
			file_put(files[i]);
		files[i] = NULL;
	}
	if (!path_lookup(AT_FDCWD, MOUNTPOINT, 0, &at)) {
		mount_detach(at, MNT_DETACH);
		path_put(at);
	}
	if (!path_lookup(AT_FDCWD, "/", 0, &at))
		path_put(at);
	fake_virtio_detach(&fake->virtio);
}

/* Not static, as then every harness would pay for them at each reset: nor do most pages of them change in a run. */
int server_side_setup(const struct server_side *side)
{
	size_t len = align_up(sizeof(*fake), PAGE_SIZE) + BUFFER;
	struct page *pages = page_run_alloc(len / PAGE_SIZE);

	if (!pages)
		return -ENOMEM;
	fake = page_virt(pages);
	buffer = (uint8_t *)fake + align_up(sizeof(*fake), PAGE_SIZE);
	memset(fake, 0, len);
	snapshot_mark_area(fake, FAKE_SERVER_MARKED);
	snapshot_mark_area(buffer, BUFFER);
	kind = side;
	fake_server_init(fake, side->protocol);
	return vfs_mkdir(AT_FDCWD, MOUNTPOINT, 0755);
}
