build2/host-default/obj/arch/host/fault.o: arch/host/fault.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/clock.h kernel/include/kernel/list.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/crash.h kernel/include/kernel/crash_abi.h \
  kernel/include/kernel/cpu.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/log.h \
  kernel/include/kernel/string.h plat/plat.h \
  kernel/include/kernel/linkset.h arch/host/host_internal.h \
  arch/host/os/arch_host_abi.h instrumentation/asan/asan.h \
  kernel/include/kernel/sanitize.h instrumentation/ubsan/trap.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/list.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/crash.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/log.h:
kernel/include/kernel/string.h:
plat/plat.h:
kernel/include/kernel/linkset.h:
arch/host/host_internal.h:
arch/host/os/arch_host_abi.h:
instrumentation/asan/asan.h:
kernel/include/kernel/sanitize.h:
instrumentation/ubsan/trap.h:
