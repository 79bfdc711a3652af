build2/host-default/obj/kernel/lib/ring.o: kernel/lib/ring.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/log.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/ring.h \
  kernel/include/kernel/string.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/log.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/ring.h:
kernel/include/kernel/string.h:
