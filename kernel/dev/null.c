/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices without hardware: null, zero, full.
 */
#include <kernel/errno.h>
#include <kernel/page.h>
#include <kernel/vfs.h>

#define MAJOR_MEM 1

static ssize_t null_read(struct file *file UNUSED, struct io *io UNUSED, off_t *position UNUSED)
{
	return 0;
}

/* Takes everything without looking at it, bad pointers included, as Linux does. */
static ssize_t null_write(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	return (ssize_t)io->remaining;
}

static ssize_t zero_read(struct file *file UNUSED, struct io *io, off_t *position UNUSED)
{
	return io->remaining ? io_put_zero(io, io->remaining) : 0;
}

static ssize_t full_write(struct file *file UNUSED, struct io *io UNUSED, off_t *position UNUSED)
{
	return -ENOSPC;
}

/* A private mapping of zero is memory of its own. */
static int zero_map_page(struct file *file UNUSED, uint64_t index UNUSED, bool create UNUSED, struct page **page)
{
	*page = page_alloc_zeroed(0);
	return *page ? 0 : -ENOMEM;
}

static const struct file_ops null_fops = { .read = null_read, .write = null_write, .seek = file_seek_zero };
static const struct file_ops zero_fops = {
	.read = zero_read,
	.write = null_write,
	.seek = file_seek_zero,
	.map_page = zero_map_page,
};
static const struct file_ops full_fops = { .read = zero_read, .write = full_write, .seek = file_seek_zero };

static const struct char_device null_device = { "null", MAJOR_MEM, 3, 0666, &null_fops };
static const struct char_device zero_device = { "zero", MAJOR_MEM, 5, 0666, &zero_fops };
static const struct char_device full_device = { "full", MAJOR_MEM, 7, 0666, &full_fops };
CHAR_DEVICE(null_device);
CHAR_DEVICE(zero_device);
CHAR_DEVICE(full_device);
