# kernel/dev: unit tests
nosan-y := 1
obj-$(CONFIG_TESTS) += test_random.o
ifdef CONFIG_DEVICES
obj-$(CONFIG_TESTS) += test_virtio.o test_pci.o test_virtio_console.o test_virtio_balloon.o test_xen.o
endif
