# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of files and their system calls.
obj-$(CONFIG_TESTS) += fs_test.o test_open.o test_read.o test_pipe.o test_names.o test_dir.o test_poll.o test_epoll.o \
	test_event.o test_attr.o test_fd.o test_splice.o test_xattr.o test_path.o test_transfer.o \
	test_limit.o test_interrupt.o test_variants.o test_xattr_errors.o test_cpio.o test_page_tree.o test_proc.o \
	test_proc_pointers.o test_inotify.o test_notify.o
ifdef CONFIG_REMOTE_FS
obj-$(CONFIG_TESTS) += server_test.o
endif
ifdef CONFIG_VIRTIO_FS
obj-$(CONFIG_TESTS) += test_fuse.o
endif
ifdef CONFIG_9P
obj-$(CONFIG_TESTS) += test_9p.o
endif
ifdef CONFIG_DEVICES
obj-$(CONFIG_TESTS) += test_block_cache.o
endif
