# kernel/dev: devices
obj-y += null.o random.o console.o terminal.o
obj-$(CONFIG_DEVICES) += device.o regs.o pci.o virtio.o virtqueue.o virtio_mmio.o virtio_pci.o virtio_rng.o
obj-$(CONFIG_DEVICES) += block.o partition.o virtio_blk.o nvme.o
obj-$(CONFIG_XEN) += xen_store.o xen_bus.o xen_control.o xen_blkfront.o xen_netfront.o
obj-$(CONFIG_REMOTE_FS) += virtio_channel.o
obj-$(CONFIG_9P) += virtio_9p.o
obj-$(CONFIG_VIRTIO_FS) += virtio_fs.o
obj-$(CONFIG_DEVICES) += virtio_console.o virtio_console_port.o virtio_vsock.o virtio_balloon.o
obj-$(CONFIG_NETDEV) += netdev.o virtio_net.o e1000.o

ifneq ($(CONFIG_TESTS)$(CONFIG_FUZZ),)
obj-$(CONFIG_DEVICES) += fake/script.o fake/fake_virtio.o fake/fake_pci.o fake/fake_disk.o fake/disk_images.o
obj-$(CONFIG_DEVICES) += fake/fake_nvme.o fake/fake_e1000.o
obj-$(CONFIG_REMOTE_FS) += fake/fake_server.o fake/fake_9p.o fake/fake_fuse.o
obj-$(CONFIG_XEN) += fake/fake_xen.o
endif
