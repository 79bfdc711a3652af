# plat: which machine is this?
obj-y += probe.o
