# SPDX-License-Identifier: BSD-3-Clause
# kernel/fs/ext: the ext2 and ext4 file system
obj-$(CONFIG_DEVICES) += super.o buffer.o group.o alloc.o inode.o orphan.o map.o extent.o extent_tree.o indirect.o
obj-$(CONFIG_DEVICES) += dir.o names.o data.o write.o journal.o recovery.o
