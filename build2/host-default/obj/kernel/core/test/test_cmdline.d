build2/host-default/obj/kernel/core/test/test_cmdline.o: \
  kernel/core/test/test_cmdline.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/boot.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/errno.h \
  kernel/include/kernel/linkset.h kernel/include/kernel/string.h \
  kernel/include/kernel/test.h kernel/include/kernel/crash_abi.h \
  kernel/core/test/../cmdline.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/string.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/core/test/../cmdline.h:
