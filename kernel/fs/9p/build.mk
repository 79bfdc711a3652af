# SPDX-License-Identifier: BSD-3-Clause
# Files of a 9P server, such as QEMU's: a client, and a file system on top of it.
obj-$(CONFIG_9P) += channel.o client.o wire.o messages.o inode.o names.o data.o file.o xattr.o mount.o
