build2/host-default/obj/kernel/lib/test/test_string.o: \
  kernel/lib/test/test_string.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/string.h kernel/include/kernel/test.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/linkset.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/string.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
