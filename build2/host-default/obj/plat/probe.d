build2/host-default/obj/plat/probe.o: plat/probe.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h plat/plat.h \
  kernel/include/kernel/linkset.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
plat/plat.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
