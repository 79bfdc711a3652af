build2/host-default/obj/gen/syscall_table.o: \
  build2/host-default/gen/syscall_table.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/syscall.h kernel/include/kernel/errno.h \
  kernel/include/kernel/user.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h \
  build2/host-default/include/generated/syscall_protos.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/syscall.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/user.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
build2/host-default/include/generated/syscall_protos.h:
