/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mount(2) of a block device: what it refuses as a source, and what an ext file system keeps from programs.
 */
#include <kernel/abi/mount.h>
#include <kernel/errno.h>
#include <kernel/fake_disk.h>

#include "../../test/fs_test.h"

#define RO_COMPAT_AT (1024 + 100) /* of the superblock: features of which a reader need not know */

static struct fake_disk *disk;

/* The disk as node "disk", and "m" to mount it at. */
static void start(void)
{
	CHECK_EQ(fake_disk_get(&disk), 0);
	fake_disk_load(disk, FAKE_DISK_EXT4);
	CHECK_EQ(sys(SYS_mkdir, P("m"), 0755), 0);
	CHECK_EQ(sys(SYS_mknod, P("disk"), S_IFBLK | 0600, dev_encode(disk->block.rdev)), 0);
}

FSTEST(mount_needs_a_block_device)
{
	start();
	CHECK_ERR(sys(SYS_mount, P("none"), P("m"), P("ext4"), 0, 0), ENOENT);
	CHECK(fs_test_file("f", O_RDWR, "") >= 0);
	CHECK_ERR(sys(SYS_mount, P("f"), P("m"), P("ext4"), 0, 0), ENOTBLK);
	CHECK_ERR(sys(SYS_mount, P("m"), P("m"), P("ext4"), 0, 0), ENOTBLK);
	CHECK_ERR(sys(SYS_mount, P("/dev/null"), P("m"), P("ext4"), 0, 0), ENOTBLK);
	CHECK_EQ(sys(SYS_mknod, P("nothing"), S_IFBLK | 0600, dev_encode(DEV_MAKE(255, 0))), 0);
	CHECK_ERR(sys(SYS_mount, P("nothing"), P("m"), P("ext4"), 0, 0), ENXIO);
	CHECK_ERR(sys(SYS_mount, 0, P("m"), P("ext4"), 0, 0), EINVAL);
	CHECK_ERR(sys(SYS_mount, P("disk"), P("m"), P("ext4"), 0, P("nosuch")), EINVAL);
}

/* Where nodes of devices are not to be opened, they are no sources either. */
FSTEST(mount_honours_nodev)
{
	start();
	CHECK_EQ(sys(SYS_mount, 0, P("m"), P("ramfs"), MS_NODEV, 0), 0);
	CHECK_EQ(sys(SYS_mknod, P("m/disk"), S_IFBLK | 0600, dev_encode(disk->block.rdev)), 0);
	CHECK_EQ(sys(SYS_mkdir, P("m/at"), 0755), 0);
	CHECK_ERR(sys(SYS_mount, P("m/disk"), P("m/at"), P("ext4"), 0, 0), EACCES);
	CHECK_EQ(sys(SYS_umount2, P("m"), 0), 0);
}

/* One with a feature that only readers may ignore is read-only, and stays so. */
FSTEST(mount_cannot_make_writable)
{
	start();
	fake_disk_patch(disk, RO_COMPAT_AT + 3, "\x40", 1);
	CHECK_EQ(sys(SYS_mount, P("disk"), P("m"), P("ext4"), 0, 0), 0);
	CHECK_ERR(sys(SYS_mkdir, P("m/d"), 0755), EROFS);
	CHECK_ERR(sys(SYS_mount, P("disk"), P("m"), P("ext4"), MS_REMOUNT, 0), EROFS);
	CHECK_ERR(sys(SYS_mkdir, P("m/d"), 0755), EROFS);
	CHECK_EQ(sys(SYS_umount2, P("m"), 0), 0);
}

/* They would be forgotten with the inode, so there are none. */
FSTEST(ext_has_no_xattrs)
{
	start();
	CHECK_EQ(sys(SYS_mount, P("disk"), P("m"), P("ext4"), 0, 0), 0);
	CHECK_ERR(sys(SYS_setxattr, P("m/f"), P("user.a"), P("v"), 1, 0), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_setxattr, P("m/a"), P("trusted.a"), P("v"), 1, 0), EOPNOTSUPP);
	CHECK_ERR(sys(SYS_getxattr, P("m/f"), P("user.a"), SYSTEST_MEM, 10), ENODATA);
	CHECK_EQ(sys(SYS_listxattr, P("m/f"), SYSTEST_MEM, 10), 0);
	CHECK_EQ(sys(SYS_umount2, P("m"), 0), 0);
}
