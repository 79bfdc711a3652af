# harnesses/fuzz: one file a harness. Coverage is the kernel's, not theirs.
nosan-y := 1
obj-$(CONFIG_FUZZ) += syscall.o
ifdef CONFIG_9P
obj-$(CONFIG_FUZZ) += virtio_9p.o
endif
ifdef CONFIG_VIRTIO_FS
obj-$(CONFIG_FUZZ) += virtio_fs.o
endif
ifdef CONFIG_REMOTE_FS
obj-$(CONFIG_FUZZ) += server_side.o
endif
ifdef CONFIG_DEVICES
obj-$(CONFIG_FUZZ) += virtio_rng.o virtio_console.o virtio_vsock.o virtio_balloon.o pci.o ext.o
obj-$(CONFIG_FUZZ) += virtio_blk.o nvme.o block_side.o virtio_net.o e1000.o net_side.o
endif
ifdef CONFIG_XEN
obj-$(CONFIG_FUZZ) += xen_side.o xen_net.o xen_blk.o
endif
ifdef CONFIG_NET
obj-$(CONFIG_FUZZ) += net.o net_calls.o net_peer.o net_wire.o
endif
