/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A damaged ext file system, mounted, looked through, changed and unmounted. An input is one of a few good images, a
 * list of bytes that are changed in it, and what is then done. Finds: numbers of blocks, sizes, lengths and depths that
 * are believed, trees without an end, errors of the device that leak or are lost.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mount.h>
#include <kernel/fake.h>
#include <kernel/fake_disk.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#define DEVICE "/ext-disk"
#define POINT "/ext-mount"
#define PATCHES_MAX 64
#define OPS_MAX 24
#define DEPTH_MAX 4
#define NAMES_MAX 48
#define BYTES 3000

enum {
	OP_WALK,
	OP_READ,
	OP_WRITE,
	OP_MKDIR,
	OP_UNLINK,
	OP_RMDIR,
	OP_RENAME,
	OP_TRUNCATE,
	OP_SYNC,
	OP_SYMLINK,
	OP_LINK,
	OP_HOLE,
	OP_REMOUNT,
	OP_FAIL,
	OPS
};

static struct fake_disk *disk;
static struct mount *mounted;
static uint64_t sum;

static void note(long result)
{
	sum = sum * 31 + (uint64_t)result;
}

struct names {
	struct dir_context context;
	unsigned count;
	char names[NAMES_MAX][NAME_MAX + 1];
};

/* Nothing of it outlives an input. */
static struct scratch {
	struct names levels[DEPTH_MAX];
	char read[BYTES];
} *scratch;

static int ext_setup(void)
{
	int err = fake_disk_get(&disk);

	scratch = harness_room(sizeof(*scratch));
	if (!err && !scratch)
		err = -ENOMEM;
	if (!err)
		err = vfs_mkdir(AT_FDCWD, POINT, 0755);
	if (!err)
		err = vfs_mknod(AT_FDCWD, DEVICE, S_IFBLK | 0600, disk->block.rdev);
	if (!err) /* nothing of an input's may stay in what was made for the first */
		fake_disk_load(disk, 0);
	return err;
}

static const char *path_of(struct script *script)
{
	static const char *const paths[] = {
		POINT "/f", POINT "/a", POINT "/a/g", POINT "/a/b", POINT "/a/b/large", POINT "/l", POINT "/long",
		POINT "/lost+found", POINT "/n", POINT "/a/n", POINT "/a/b/n", POINT "/p", POINT "/a/h", POINT,
		POINT "/a/b/../../a/a-name-that-takes-some-room-in-a-directory-so-that-it-needs-another-block",
	};

	return paths[script_take(script, 1) % array_size(paths)];
}

static void patch(struct script *script)
{
	unsigned count = (unsigned)script_take(script, 1) % PATCHES_MAX;

	while (count--) {
		uint32_t where = (uint32_t)script_take(script, 3);
		uint8_t bytes[8];
		size_t len = script_take(script, 1) % sizeof(bytes) + 1;

		script_bytes(script, bytes, len);
		fake_disk_patch(disk, where, bytes, len);
	}
}

/* ---- looking ---- */

static bool emit(struct dir_context *context, const char *name, size_t len, uint64_t ino, unsigned type,
		 off_t next UNUSED)
{
	struct names *names = container_of(context, struct names, context);

	if (names->count == NAMES_MAX)
		return false;
	memcpy(names->names[names->count], name, len);
	names->names[names->count++][len] = 0;
	note((long)(ino + type + len));
	return true;
}

static void read_file(struct file *file)
{
	char *bytes = scratch->read;

	for (unsigned i = 0; i < 8; i++) {
		struct io io;
		ssize_t n;

		io_kernel(&io, bytes, BYTES);
		n = file_read(file, &io);
		note(n);
		if (n <= 0)
			return;
		note(bytes[0] + bytes[n - 1]);
	}
}

static void walk(const char *path, unsigned depth)
{
	struct names *names = &scratch->levels[depth];
	struct abi_stat stat;
	struct file *file;
	int err = vfs_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, &file);

	note(err);
	if (err)
		return;
	inode_stat(file->inode, &stat);
	note((long)(stat.st_size + (int64_t)stat.st_ino + stat.st_mode));
	if (S_ISREG(file->inode->mode))
		read_file(file);
	names->context.emit = emit;
	names->count = 0;
	if (S_ISDIR(file->inode->mode) && file->ops->iterate)
		note(file->ops->iterate(file, &names->context));
	file_put(file);
	for (unsigned i = 0; i < names->count && depth + 1 < DEPTH_MAX; i++) {
		char below[PATH_MAX];

		if (!strcmp(names->names[i], ".") || !strcmp(names->names[i], "..") || strchr(names->names[i], '/'))
			continue;
		format(below, sizeof(below), "%s/%s", path, names->names[i]);
		walk(below, depth + 1);
	}
}

/* ---- changing ---- */

static void write_file(struct script *script, bool hole)
{
	static char bytes[BYTES] = "written";
	struct file *file;
	struct io io;
	int err = vfs_open(AT_FDCWD, path_of(script), O_RDWR | O_CREAT | O_NONBLOCK, 0644, &file);
	off_t offset = (off_t)script_take(script, 1) << script_take(script, 1) % 48;

	note(err);
	if (err)
		return;
	io_kernel(&io, bytes, (size_t)script_take(script, 2) % BYTES);
	if (hole && file->ops->allocate)
		note(file->ops->allocate(file, script_take(script, 1) % 4, offset, (off_t)io.remaining + 1));
	else if (!hole && S_ISREG(file->inode->mode))
		note(file_write_at(file, &io, offset));
	if (script_take(script, 1) % 4 == 0 && file->ops->sync)
		note(file->ops->sync(file, false));
	file_put(file);
}

static void truncate_file(struct script *script)
{
	struct path path;
	int err = path_lookup(AT_FDCWD, path_of(script), WALK_FOLLOW, &path);
	off_t size = (off_t)script_take(script, 1) << script_take(script, 1) % 48;

	if (!err) {
		err = mount_may_write(path.mount) ?: inode_truncate(path.dentry->inode, size);
		path_put(path);
	}
	note(err);
}

static void rename_file(struct script *script)
{
	struct walk from, to;
	const char *old = path_of(script), *new = path_of(script);
	unsigned flags = script_take(script, 1) % 3;
	int err = walk_begin(&from, AT_FDCWD, old, 0), err_to = walk_begin_nested(&to, AT_FDCWD, new, 0);

	err = err ?: err_to ?: walk_parent(&from) ?: walk_parent(&to) ?: vfs_rename(&from, &to, flags);
	note(err);
	walk_end(&from);
	walk_end_nested(&to);
}

static void link_file(struct script *script)
{
	struct path old;
	int err = path_lookup(AT_FDCWD, path_of(script), 0, &old);

	if (!err) {
		err = vfs_link(old, AT_FDCWD, path_of(script));
		path_put(old);
	}
	note(err);
}

static void fail(struct script *script)
{
	uint64_t sector = script_take(script, 1) * 4;

	switch (script_take(script, 1) % 4) {
	case 0: disk->reads_fail_from = sector; break;
	case 1: disk->writes_fail_from = sector; break;
	case 2: disk->bad_sector = sector; break;
	default: disk->reads_fail_from = disk->writes_fail_from = disk->bad_sector = UINT64_MAX; break;
	}
}

static void remount(struct script *script)
{
	struct superblock *sb = mounted->sb;
	bool read_only = script_take(script, 1) & 1;
	int err = read_only == sb->read_only ? 0 : sb->ops->remount(sb, read_only);

	if (!err)
		sb->read_only = read_only;
	note(err);
}

static void act(struct script *script)
{
	switch (script_take(script, 1) % OPS) {
	case OP_WALK: walk(path_of(script), 0); break;
	case OP_READ: walk(path_of(script), DEPTH_MAX - 1); break;
	case OP_WRITE: write_file(script, false); break;
	case OP_HOLE: write_file(script, true); break;
	case OP_MKDIR: note(vfs_mkdir(AT_FDCWD, path_of(script), 0755)); break;
	case OP_UNLINK: note(vfs_unlink(AT_FDCWD, path_of(script))); break;
	case OP_RMDIR: note(vfs_rmdir(AT_FDCWD, path_of(script))); break;
	case OP_RENAME: rename_file(script); break;
	case OP_TRUNCATE: truncate_file(script); break;
	case OP_SYNC: note(mounted->sb->ops->sync(mounted->sb)); break;
	case OP_SYMLINK: note(vfs_symlink(AT_FDCWD, path_of(script), path_of(script))); break;
	case OP_LINK: link_file(script); break;
	case OP_REMOUNT: remount(script); break;
	default: fail(script); break;
	}
}

static int attach(unsigned flags)
{
	return mount_create_at(POINT, "ext4", DEVICE, flags & 1 ? MS_RDONLY : 0, "", &mounted);
}

static int ext_run(const uint8_t *data, size_t size)
{
	struct script script = script_open(data, size);
	uint8_t first = (uint8_t)script_take(&script, 1);
	struct path at;
	int err;

	sum = 0;
	fake_disk_load(disk, first & 3);
	patch(&script);
	err = attach(first >> 2);
	note(err);
	if (!err) {
		for (unsigned i = 0; i < OPS_MAX && !script_done(&script); i++)
			act(&script);
		if (first & 8)
			walk(POINT, 0);
		err = path_lookup(AT_FDCWD, POINT, WALK_FOLLOW, &at);
		if (!err) {
			err = mount_detach(at, 0);
			path_put(at);
		}
	}
	harness_result(0, sum);
	return err;
}
HARNESS(ext, .setup = ext_setup, .run = ext_run, .max_size = 2 * KIB,
	.about = "an ext2 or ext4 file system with changed bytes, used in ways that the input says");
