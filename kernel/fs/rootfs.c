/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree a program finds: a file system in memory, filled from the initrd, with the devices in /dev, what runs in
 * /proc, and room in /tmp and /dev/shm.
 */
#include <arch/arch.h>
#include <instrumentation/trace/boot.h>
#include <kernel/boot.h>
#include <kernel/cpio.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#include "fs_internal.h"

static int make_directory(const char *name, unsigned mode)
{
	int err = vfs_mkdir(AT_FDCWD, name, mode);

	return err == -EEXIST ? 0 : err;
}

/* A file system of that type in a directory, which is made if it is not there. */
static int mount_at_boot(const char *type, const char *directory)
{
	uint64_t start = boot_step_start();
	int err = make_directory(directory, 0755) ?: mount_create_at(directory, type, "", 0, "", NULL);

	boot_step_end(BOOT_MOUNT, start, directory);
	return err;
}

static int make_tmp(void)
{
	struct path tmp;
	int err = make_directory("/tmp", 0777);

	if (!err)
		err = path_lookup(AT_FDCWD, "/tmp", 0, &tmp);
	if (err)
		return err;
	tmp.dentry->inode->mode |= 0777 | S_ISVTX;
	path_put(tmp);
	return 0;
}

/*
 * A bad initrd is no reason to stop: its error was logged, and a program that is missing has an exit code of its own.
 */
static int rootfs_init(void)
{
	struct mount *root;
	int err;

	err = ramfs_init_internal();
	if (!err)
		err = devfs_init_internal();
	if (!err)
		err = mount_create("ramfs", "", 0, "", &root);
	if (err)
		return err;
	fs_context_set_root((struct path){ root, root->root });
	if (boot_info->initrd_size) {
		uint64_t start = boot_step_start();

		cpio_unpack((struct path){ root, root->root }, arch_phys_to_virt(boot_info->initrd),
			    boot_info->initrd_size);
		boot_step_end(BOOT_STEP, start, "unpack the initrd");
		/* Where inputs are run again and compared, the same frames are handed out with any initrd. */
		if (!IS_ENABLED(CONFIG_FUZZ))
			page_free_initrd();
	}
	err = mount_at_boot("devfs", "/dev");
	if (!err)
		err = mount_at_boot("tmpfs", "/dev/shm");
	if (!err)
		err = mount_at_boot("proc", "/proc");
	return err ? err : make_tmp();
}
INIT_CALL(INIT_FS, rootfs_init);
