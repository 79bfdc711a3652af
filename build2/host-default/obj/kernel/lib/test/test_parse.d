build2/host-default/obj/kernel/lib/test/test_parse.o: \
  kernel/lib/test/test_parse.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h kernel/include/kernel/parse.h \
  kernel/include/kernel/types.h kernel/include/kernel/test.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/linkset.h \
  kernel/include/kernel/compiler.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/parse.h:
kernel/include/kernel/types.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/compiler.h:
