build2/host-default/obj/kernel/lib/sort.o: kernel/lib/sort.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/sort.h kernel/include/kernel/types.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/sort.h:
kernel/include/kernel/types.h:
