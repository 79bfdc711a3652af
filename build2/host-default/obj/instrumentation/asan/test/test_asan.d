build2/host-default/obj/instrumentation/asan/test/test_asan.o: \
  instrumentation/asan/test/test_asan.c \
  build2/host-default/include/generated/config.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/heap.h \
  kernel/include/kernel/sanitize.h kernel/include/kernel/string.h \
  kernel/include/kernel/test.h kernel/include/kernel/crash_abi.h \
  kernel/include/kernel/linkset.h
build2/host-default/include/generated/config.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/sanitize.h:
kernel/include/kernel/string.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
