# SPDX-License-Identifier: BSD-3-Clause
# kernel/net: unit tests
nosan-y := 1
obj-$(CONFIG_TESTS) += test_unix.o test_socket_errors.o
ifdef CONFIG_NET
obj-$(CONFIG_TESTS) += test_inet.o test_inet_errors.o test_raw.o
cflags-test_inet.o := -Ikernel/net/port -I$(O)/sources/lwip/src/include
endif
ifdef CONFIG_DEVICES
obj-$(CONFIG_TESTS) += test_vsock.o
endif
