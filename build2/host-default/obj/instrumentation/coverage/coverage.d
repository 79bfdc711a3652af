build2/host-default/obj/instrumentation/coverage/coverage.o: \
  instrumentation/coverage/coverage.c \
  build2/host-default/include/generated/config.h fuzz/abi/channel.h \
  kernel/include/kernel/crash_abi.h instrumentation/coverage/coverage.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h
build2/host-default/include/generated/config.h:
fuzz/abi/channel.h:
kernel/include/kernel/crash_abi.h:
instrumentation/coverage/coverage.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
