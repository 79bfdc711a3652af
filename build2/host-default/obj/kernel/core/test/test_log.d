build2/host-default/obj/kernel/core/test/test_log.o: \
  kernel/core/test/test_log.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/boot.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/log.h \
  kernel/include/kernel/string.h kernel/include/kernel/test.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/linkset.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/log.h:
kernel/include/kernel/string.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
