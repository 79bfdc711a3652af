build2/host-default/obj/kernel/mm/minset.o: kernel/mm/minset.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/log.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/snapshot.h \
  kernel/mm/minset.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/log.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/snapshot.h:
kernel/mm/minset.h:
