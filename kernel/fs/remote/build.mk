# SPDX-License-Identifier: BSD-3-Clause
# Files of a file server, whatever its protocol.
obj-$(CONFIG_REMOTE_FS) += channel.o call.o wire.o inode.o names.o data.o file.o super.o volumes.o
