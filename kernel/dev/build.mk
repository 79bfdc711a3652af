# kernel/dev: devices
obj-y += null.o random.o console.o
