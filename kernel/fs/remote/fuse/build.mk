# SPDX-License-Identifier: BSD-3-Clause
# Files of a FUSE server behind virtio-fs: a client for the remote file system.
obj-$(CONFIG_VIRTIO_FS) += client.o names.o files.o xattr.o mount.o
