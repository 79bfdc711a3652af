# SPDX-License-Identifier: BSD-3-Clause
# plat/run: starting an image
tool-saki-run-y := run.o fail.o plat.o net.o disk.o volume.o virtiofsd.o app.o tool.o words.o image.o cpio.o libs.o
tool-saki-run-y += allow.o gdb.o initrd.o memory.o stamps.o session.o qemu.o lab.o dom0.o prepare.o
tool-saki-domain-y := domain.o
tool-saki-domain-libs := -static
