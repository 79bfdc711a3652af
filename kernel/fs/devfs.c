/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices as files: "devfs" (also "devtmpfs") is a file system in memory that starts with a node for each
 * CHAR_DEVICE(). What a node does is decided by its number at open, wherever the node lies.
 */
#include <kernel/abi/mount.h>
#include <kernel/block.h>
#include <kernel/boot.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/string.h>

#include "fs_internal.h"
#include "ramfs.h"

LINKSET_DECLARE(char_device);

static struct mutex added_lock = MUTEX_INIT(added_lock); /* after the tree lock */
static struct list added = LIST_INIT(added);

static uint32_t number_of(const struct char_device *device)
{
	return DEV_MAKE(device->major, device->minor);
}

static const struct char_device *find_added(uint32_t rdev)
{
	list_foreach(&added, struct found_device, node, found)
		if (number_of(&found->device) == rdev)
			return &found->device;
	return NULL;
}

const struct char_device *char_device_find(uint32_t rdev)
{
	const struct char_device *found;

	LINKSET_FOREACH(char_device, const struct char_device, device)
		if (number_of(device) == rdev)
			return device;
	mutex_lock(&added_lock);
	found = find_added(rdev);
	mutex_unlock(&added_lock);
	return found;
}

int char_device_add(struct found_device *found)
{
	int err = 0;

	mutex_lock(&added_lock);
	if (find_added(number_of(&found->device)))
		err = -EEXIST;
	else
		list_append(&added, &found->node);
	mutex_unlock(&added_lock);
	return err;
}

void char_device_remove(struct found_device *found)
{
	mutex_lock(&added_lock);
	list_remove(&found->node);
	mutex_unlock(&added_lock);
}

int device_open(struct file *file)
{
	const struct char_device *device = S_ISCHR(file->inode->mode) ? char_device_find(file->inode->rdev) : NULL;

	if (IS_ENABLED(CONFIG_DEVICES) && S_ISBLK(file->inode->mode)) {
		file->ops = &block_fops;
		return block_fops.open(file);
	}
	if (!device)
		return -ENXIO;
	file->ops = device->fops;
	return 0;
}

static int add_entry_to(struct superblock *sb, struct dentry *dir, const char *name, unsigned mode, uint32_t rdev,
			const char *target, struct dentry **out)
{
	struct inode *inode;
	int err = sb->ops->inode_create(sb, mode, rdev, &inode);

	if (err)
		return err;
	if (target) {
		inode->target = heap_strdup(target);
		inode->size = (off_t)strlen(target);
		err = inode->target ? 0 : -ENOMEM;
	}
	if (!err)
		err = dentry_add(dir, name, strlen(name), inode, out);
	inode_put(inode);
	return err;
}

static int add_entry(struct superblock *sb, const char *name, unsigned mode, uint32_t rdev, const char *target)
{
	return add_entry_to(sb, sb->root, name, mode, rdev, target, NULL);
}

/* "FOLDER/NAME" leads to "../device". */
static int add_device_link(struct superblock *sb, const char *link, const char *device)
{
	const char *name = strchr(link, '/') + 1;
	struct dentry *dir;
	char text[32];
	int err = 0;

	format(text, sizeof(text), "%.*s", (int)(name - 1 - link), link);
	dir = dentry_find(sb->root, text, strlen(text));
	if (!dir)
		err = add_entry_to(sb, sb->root, text, S_IFDIR | 0755, 0, NULL, &dir);
	if (err || dentry_find(dir, name, strlen(name)))
		return err;
	format(text, sizeof(text), "../%s", device);
	return add_entry_to(sb, dir, name, S_IFLNK | 0777, 0, text, NULL);
}

static int add_found_devices(struct superblock *sb)
{
	int err = 0;

	mutex_lock(&added_lock);
	list_foreach(&added, struct found_device, node, found) {
		const struct char_device *device = &found->device;

		err = add_entry(sb, device->name, S_IFCHR | device->mode, number_of(device), NULL);
		if (!err && found->link)
			err = add_device_link(sb, found->link, device->name);
		if (err)
			break;
	}
	mutex_unlock(&added_lock);
	return err;
}

/* The names come in order of device number, whatever the linker's order was. */
static int add_devices(struct superblock *sb)
{
	uint64_t last = 0;

	for (;;) {
		const struct char_device *next = NULL;
		int err;

		LINKSET_FOREACH(char_device, const struct char_device, device) {
			uint64_t rdev = DEV_MAKE(device->major, device->minor);

			if (rdev > last && (!next || rdev < DEV_MAKE(next->major, next->minor)))
				next = device;
		}
		if (!next)
			return 0;
		last = DEV_MAKE(next->major, next->minor);
		err = add_entry(sb, next->name, S_IFCHR | next->mode, (uint32_t)last, NULL);
		if (err)
			return err;
	}
}

static int add_block_device(struct block_device *dev, void *context)
{
	return add_entry(context, dev->name, S_IFBLK | 0660, dev->rdev, NULL);
}

/* Programs expect them; they lead somewhere where /proc is. */
static int add_links(struct superblock *sb)
{
	static const char *const links[][2] = {
		{ "fd", "/proc/self/fd" },
		{ "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" },
		{ "stderr", "/proc/self/fd/2" },
	};
	int err = 0;

	for (unsigned i = 0; i < array_size(links) && !err; i++)
		err = add_entry(sb, links[i][0], S_IFLNK | 0777, 0, links[i][1]);
	return err;
}

static int devfs_mount(struct superblock *sb, const char *options)
{
	int err = ramfs_fill(sb, options, 0755);

	if (err)
		return err;
	vfs_lock();
	err = add_devices(sb);
	if (!err)
		err = add_found_devices(sb);
	if (!err && IS_ENABLED(CONFIG_DEVICES))
		err = block_foreach(add_block_device, sb);
	if (!err)
		err = add_links(sb);
	vfs_unlock();
	return err;
}

static const struct filesystem devfs = {
	.name = "devfs",
	.magic = TMPFS_MAGIC,
	.mount = devfs_mount,
	.blocks = ramfs_blocks,
};
static const struct filesystem devtmpfs = {
	.name = "devtmpfs",
	.magic = TMPFS_MAGIC,
	.mount = devfs_mount,
	.blocks = ramfs_blocks,
};
FILESYSTEM(devfs);
FILESYSTEM(devtmpfs);

/* ---- devices without a path ---- */

static struct mount *internal_mount;

int device_open_internal(const char *name, unsigned flags, struct file **out)
{
	struct dentry *dentry;
	int err;

	if (!internal_mount)
		return -ENXIO;
	vfs_lock();
	dentry = dentry_find(internal_mount->root, name, strlen(name));
	err = dentry ? open_dentry((struct path){ internal_mount, dentry }, flags, out) : -ENXIO;
	vfs_unlock();
	return err ? err : open_ready(*out, flags);
}

int devfs_init_internal(void)
{
	return mount_create("devfs", "", 0, "", &internal_mount);
}
