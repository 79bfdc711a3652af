# kernel/lib: strings, formats, parsing; the host image takes mem* and str* from libc
obj-y += chacha20.o errno.o format.o parse.o ring.o siphash.o sort.o
# The layout is drawn by it, under a lock and whatever else runs.
nosan-chacha20.o := y
shadow-chacha20.o := y
obj-$(CONFIG_DEVICES) += crc32.o
obj-$(or $(CONFIG_TESTS),$(CONFIG_ATTACKS)) += test.o
obj-$(CONFIG_TESTS) += test_crash.o
ifneq ($(CONFIG_ARCH_HOST),y)
obj-y += string.o memory.o
nosan-string.o := y
nosan-memory.o := y
endif
