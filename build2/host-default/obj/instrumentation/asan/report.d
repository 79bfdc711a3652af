build2/host-default/obj/instrumentation/asan/report.o: \
  instrumentation/asan/report.c \
  build2/host-default/include/generated/config.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/crash.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/string.h \
  instrumentation/asan/shadow.h kernel/include/kernel/sanitize.h
build2/host-default/include/generated/config.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/crash.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/string.h:
instrumentation/asan/shadow.h:
kernel/include/kernel/sanitize.h:
