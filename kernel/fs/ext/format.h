/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ext2 and ext4 on the disk: "The Second Extended File System" (Poirier) and the kernel's documentation of ext4's data
 * structures (Documentation/filesystems/ext4). Little-endian, as every CPU here is.
 */
#pragma once

#include <kernel/compiler.h>

#define EXT_SUPER_OFFSET 1024u
#define EXT_SUPER_SIZE 1024u
#define EXT_MAGIC 0xef53
#define EXT_ROOT_INO 2u
#define EXT_JOURNAL_INO 8u
#define EXT_FIRST_INO_OLD 11u

#define EXT_STATE_VALID 1u
#define EXT_STATE_ERROR 2u
#define EXT_ERRORS_READ_ONLY 2u

#define EXT_COMPAT_JOURNAL 0x4u
#define EXT_COMPAT_SPARSE_SUPER2 0x200u

#define EXT_INCOMPAT_FILETYPE 0x2u
#define EXT_INCOMPAT_RECOVER 0x4u
#define EXT_INCOMPAT_EXTENTS 0x40u
#define EXT_INCOMPAT_64BIT 0x80u
#define EXT_INCOMPAT_FLEX_BG 0x200u
#define EXT_INCOMPAT_CSUM_SEED 0x2000u
#define EXT_INCOMPAT_KNOWN                                                                                             \
	(EXT_INCOMPAT_FILETYPE | EXT_INCOMPAT_RECOVER | EXT_INCOMPAT_EXTENTS | EXT_INCOMPAT_64BIT |                    \
	 EXT_INCOMPAT_FLEX_BG | EXT_INCOMPAT_CSUM_SEED)

#define EXT_RO_SPARSE_SUPER 0x1u
#define EXT_RO_LARGE_FILE 0x2u
#define EXT_RO_HUGE_FILE 0x8u
#define EXT_RO_GDT_CSUM 0x10u
#define EXT_RO_DIR_NLINK 0x20u
#define EXT_RO_EXTRA_ISIZE 0x40u
#define EXT_RO_METADATA_CSUM 0x400u
#define EXT_RO_KNOWN                                                                                                   \
	(EXT_RO_SPARSE_SUPER | EXT_RO_LARGE_FILE | EXT_RO_HUGE_FILE | EXT_RO_GDT_CSUM | EXT_RO_DIR_NLINK |             \
	 EXT_RO_EXTRA_ISIZE | EXT_RO_METADATA_CSUM)

struct ext_super {
	uint32_t inodes_count, blocks_count_lo, reserved_blocks_lo, free_blocks_lo;
	uint32_t free_inodes, first_data_block, log_block_size, log_cluster_size;
	uint32_t blocks_per_group, clusters_per_group, inodes_per_group, mount_time;
	uint32_t write_time;
	uint16_t mount_count, max_mount_count, magic, state;
	uint16_t errors, minor_revision;
	uint32_t last_check, check_interval, creator_os;
	uint32_t revision;
	uint16_t reserved_uid, reserved_gid;
	uint32_t first_ino;
	uint16_t inode_size, group_number;
	uint32_t compat, incompat, ro_compat;
	uint8_t uuid[16], volume_name[16], last_mounted[64];
	uint32_t algorithms;
	uint8_t preallocate, preallocate_directory;
	uint16_t reserved_gdt_blocks;
	uint8_t journal_uuid[16];
	uint32_t journal_ino, journal_device, last_orphan, hash_seed[4];
	uint8_t hash_version, journal_backup_type;
	uint16_t descriptor_size;
	uint32_t mount_options, first_meta_group, mkfs_time, journal_blocks[17];
	uint32_t blocks_count_hi, reserved_blocks_hi, free_blocks_hi;
	uint16_t min_extra_size, want_extra_size;
	uint32_t flags;
	uint8_t unused1[16];
	uint8_t log_groups_per_flex, checksum_type, unused2[2];
	uint8_t unused3[28];
	uint32_t error_count, first_error_time;
	uint8_t unused4[48];
	uint32_t last_error_time;
	uint8_t unused5[124];
	uint32_t backup_groups[2];
	uint8_t unused6[28];
	uint32_t checksum_seed;
	uint8_t unused7[392];
	uint32_t checksum;
} PACKED;
_Static_assert(sizeof(struct ext_super) == EXT_SUPER_SIZE, "a superblock's size");
_Static_assert(offsetof(struct ext_super, error_count) == 404, "a superblock's error count");
_Static_assert(offsetof(struct ext_super, backup_groups) == 588, "a superblock's backup groups");
_Static_assert(offsetof(struct ext_super, checksum_seed) == 624, "a superblock's checksum seed");

#define EXT_GROUP_INODE_UNINIT 1u
#define EXT_GROUP_BLOCK_UNINIT 2u
#define EXT_GROUP_SIZE_OLD 32u
#define EXT_GROUP_SIZE_64BIT 64u

/* The upper half is there with EXT_INCOMPAT_64BIT only. */
struct ext_group {
	uint32_t block_bitmap_lo, inode_bitmap_lo, inode_table_lo;
	uint16_t free_blocks_lo, free_inodes_lo, used_dirs_lo, flags;
	uint32_t exclude_lo;
	uint16_t block_bitmap_csum_lo, inode_bitmap_csum_lo, unused_inodes_lo, checksum;
	uint32_t block_bitmap_hi, inode_bitmap_hi, inode_table_hi;
	uint16_t free_blocks_hi, free_inodes_hi, used_dirs_hi, unused_inodes_hi;
	uint32_t exclude_hi;
	uint16_t block_bitmap_csum_hi, inode_bitmap_csum_hi;
	uint32_t reserved;
} PACKED;
_Static_assert(sizeof(struct ext_group) == EXT_GROUP_SIZE_64BIT, "a group descriptor's size");

#define EXT_INODE_SIZE_OLD 128u
#define EXT_INODE_BLOCKS 15u
#define EXT_FLAG_INDEX 0x1000u
#define EXT_FLAG_HUGE_FILE 0x40000u
#define EXT_FLAG_EXTENTS 0x80000u
/* Of files that are not what they seem: compressed, encrypted, with values of attributes, or with inline data. */
#define EXT_FLAGS_REFUSED (0x4u | 0x800u | 0x200000u | 0x10000000u)

struct ext_raw_inode {
	uint16_t mode, uid_lo;
	uint32_t size_lo, atime, ctime, mtime, dtime;
	uint16_t gid_lo, links;
	uint32_t blocks_lo, flags, version;
	uint32_t block[EXT_INODE_BLOCKS];
	uint32_t generation, acl_lo, size_hi, fragment;
	uint16_t blocks_hi, acl_hi, uid_hi, gid_hi, checksum_lo, reserved;
	/* Beyond EXT_INODE_SIZE_OLD, as far as extra_size says. */
	uint16_t extra_size, checksum_hi;
	uint32_t ctime_extra, mtime_extra, atime_extra, crtime, crtime_extra, version_hi, project;
} PACKED;
_Static_assert(sizeof(struct ext_raw_inode) == 160, "an inode's size");

#define EXT_EXTENT_MAGIC 0xf30a
#define EXT_EXTENT_DEPTH_MAX 5u
#define EXT_EXTENT_INITIALIZED_MAX 32768u

struct ext_extent_header {
	uint16_t magic, entries, max, depth;
	uint32_t generation;
} PACKED;

/* Of a leaf. A length above EXT_EXTENT_INITIALIZED_MAX is that much less, and nothing was written there yet. */
struct ext_extent_leaf {
	uint32_t block;
	uint16_t len, start_hi;
	uint32_t start_lo;
} PACKED;

struct ext_extent_index {
	uint32_t block, leaf_lo;
	uint16_t leaf_hi, unused;
} PACKED;

#define EXT_DIRENT_HEADER 8u
#define EXT_DIRENT_LEN(name_len) ((EXT_DIRENT_HEADER + (unsigned)(name_len) + 3u) & ~3u)
#define EXT_DIR_TAIL 12u
#define EXT_DIR_TAIL_TYPE 0xde

struct ext_dirent {
	uint32_t ino;
	uint16_t len;
	uint8_t name_len, type;
	char name[];
} PACKED;

struct ext_dir_tail {
	uint32_t ino;
	uint16_t len;
	uint8_t name_len, type;
	uint32_t checksum;
} PACKED;
