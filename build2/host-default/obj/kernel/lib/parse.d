build2/host-default/obj/kernel/lib/parse.o: kernel/lib/parse.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h kernel/include/kernel/parse.h \
  kernel/include/kernel/types.h kernel/include/kernel/string.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/parse.h:
kernel/include/kernel/types.h:
kernel/include/kernel/string.h:
