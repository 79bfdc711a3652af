# SPDX-License-Identifier: BSD-3-Clause
# The file system tree, files in memory, pipes and events, and their system calls.
obj-y += inode.o dentry.o permission.o mount.o walk.o open.o namespace.o rename.o attr.o file.o fd.o directory.o lock.o
obj-y += page_tree.o ramfs.o ramfs_data.o devfs.o cpio.o rootfs.o user_path.o xattr.o memfd.o pipe.o fifo.o splice.o
obj-y += proc.o proc_text.o proc_link.o proc_net.o proc_root.o proc_sys.o proc_pid.o proc_status.o proc_memory.o
obj-y += proc_mounts.o
obj-y += poll.o deadline.o eventfd.o epoll.o timerfd.o inotify.o notify.o
obj-y += sys_open.o sys_read.o sys_stat.o sys_dir.o sys_names.o sys_attr.o sys_sync.o sys_mount.o sys_fd.o sys_xattr.o
obj-y += sys_poll.o sys_select.o sys_epoll.o sys_splice.o
obj-$(CONFIG_DEVICES) += block_cache.o start_mount.o
