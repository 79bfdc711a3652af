# SPDX-License-Identifier: BSD-3-Clause
# Files of a 9P server, such as QEMU's: a client for the remote file system.
obj-$(CONFIG_9P) += client.o messages.o xattr.o mount.o
