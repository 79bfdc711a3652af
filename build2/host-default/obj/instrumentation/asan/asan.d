build2/host-default/obj/instrumentation/asan/asan.o: \
  instrumentation/asan/asan.c \
  build2/host-default/include/generated/config.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/crash.h \
  kernel/include/kernel/crash_abi.h instrumentation/asan/asan.h \
  kernel/include/kernel/sanitize.h instrumentation/asan/asan_abi.h \
  instrumentation/asan/shadow.h
build2/host-default/include/generated/config.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/crash.h:
kernel/include/kernel/crash_abi.h:
instrumentation/asan/asan.h:
kernel/include/kernel/sanitize.h:
instrumentation/asan/asan_abi.h:
instrumentation/asan/shadow.h:
