/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File modes, device numbers and the structures of the stat family, as Linux lays them out on x86_64.
 */
#pragma once

#include <kernel/types.h>

#define S_IFMT 0170000u
#define S_IFSOCK 0140000u
#define S_IFLNK 0120000u
#define S_IFREG 0100000u
#define S_IFBLK 0060000u
#define S_IFDIR 0040000u
#define S_IFCHR 0020000u
#define S_IFIFO 0010000u
#define S_ISUID 04000u
#define S_ISGID 02000u
#define S_ISVTX 01000u
#define S_IXGRP 00010u
#define S_IXUGO 00111u
#define S_IALLUGO 07777u

#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)
#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)
#define S_ISCHR(mode) (((mode) & S_IFMT) == S_IFCHR)
#define S_ISBLK(mode) (((mode) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(mode) (((mode) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)

/* A device number as the kernel keeps it: 12 bits of major, 20 of minor; programs see it spread as below. */
#define DEV_MAKE(major, minor) (((uint32_t)(major) << 20) | (uint32_t)(minor))
#define DEV_MAJOR(dev) ((uint32_t)(dev) >> 20)
#define DEV_MINOR(dev) ((uint32_t)(dev) & 0xfffff)
static inline uint64_t dev_encode(uint32_t dev)
{
	uint64_t minor = DEV_MINOR(dev);

	return (minor & 0xff) | ((uint64_t)DEV_MAJOR(dev) << 8) | ((minor & ~UINT64_C(0xff)) << 12);
}
static inline uint32_t dev_decode(uint32_t dev)
{
	return DEV_MAKE((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

struct abi_stat {
	uint64_t st_dev, st_ino, st_nlink;
	uint32_t st_mode, st_uid, st_gid, pad0;
	uint64_t st_rdev;
	int64_t st_size, st_blksize, st_blocks;
	int64_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	int64_t reserved[3];
};

struct abi_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t reserved;
};

struct abi_statx {
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, pad0;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct abi_statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	uint64_t stx_mnt_id;
	uint32_t stx_dio_mem_align, stx_dio_offset_align;
	uint64_t reserved[12];
};

#define STATX_BASIC_STATS 0x07ffu
#define STATX_BTIME 0x0800u
#define STATX_MNT_ID 0x1000u
#define STATX_RESERVED 0x80000000u
#define STATX_ATTR_MOUNT_ROOT 0x2000u

/* struct statfs. */
struct abi_statfs {
	int64_t f_type, f_bsize;
	uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen, f_frsize, f_flags, reserved[4];
};

#define UTIME_NOW 0x3fffffffL
#define UTIME_OMIT 0x3ffffffeL
