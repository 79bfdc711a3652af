build2/host-default/obj/kernel/core/boot.o: kernel/core/boot.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/boot.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/errno.h \
  kernel/include/kernel/linkset.h kernel/include/kernel/log.h \
  kernel/include/kernel/parse.h kernel/include/kernel/string.h \
  kernel/core/cmdline.h kernel/core/core_internal.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/log.h:
kernel/include/kernel/parse.h:
kernel/include/kernel/string.h:
kernel/core/cmdline.h:
kernel/core/core_internal.h:
