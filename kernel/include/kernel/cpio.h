/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The initial file tree: archives of cpio's "newc" format (the kernel's documentation of the initramfs buffer format),
 * as made by "cpio -H newc" and by the runner.
 */
#pragma once

#include <kernel/vfs.h>

/**
 * Unpacks an archive below root. Several archives may follow each other, with zeros between them; a name that exists
 * already is replaced, a directory kept. Nothing is ever made outside root: names with ".." and links on the way are
 * refused.
 *
 * @return 0; -EINVAL for what is no archive or is cut short; -ENOSPC, -ENOMEM, ... as the file system says. The first
 * error
 *	ends it and is logged in one line; what came before stays.
 */
int cpio_unpack(struct path root, const void *data, size_t size);
