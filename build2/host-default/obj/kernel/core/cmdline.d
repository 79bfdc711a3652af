build2/host-default/obj/kernel/core/cmdline.o: kernel/core/cmdline.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/errno.h kernel/include/kernel/parse.h \
  kernel/include/kernel/string.h kernel/core/cmdline.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/parse.h:
kernel/include/kernel/string.h:
kernel/core/cmdline.h:
