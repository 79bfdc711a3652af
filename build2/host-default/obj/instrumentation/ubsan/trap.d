build2/host-default/obj/instrumentation/ubsan/trap.o: \
  instrumentation/ubsan/trap.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  instrumentation/ubsan/trap.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
instrumentation/ubsan/trap.h:
