build2/host-default/obj/kernel/lib/errno.o: kernel/lib/errno.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/errno.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/errno.h:
