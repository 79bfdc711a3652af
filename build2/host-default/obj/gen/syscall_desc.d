build2/host-default/obj/gen/syscall_desc.o: \
  build2/host-default/gen/syscall_desc.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/syscall_desc.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/syscall_desc.h:
