build2/host-default/obj/kernel/sys/describe.o: kernel/sys/describe.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/syscall_desc.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/syscall_desc.h:
