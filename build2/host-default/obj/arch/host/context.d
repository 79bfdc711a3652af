build2/host-default/obj/arch/host/context.o: arch/host/context.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/cpu.h arch/arch.h kernel/include/kernel/types.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/list.h kernel/include/kernel/spinlock.h \
  kernel/include/kernel/log.h kernel/include/kernel/thread.h \
  kernel/include/kernel/wait.h arch/host/host_internal.h \
  arch/host/os/arch_host_abi.h instrumentation/asan/asan.h \
  kernel/include/kernel/sanitize.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/log.h:
kernel/include/kernel/thread.h:
kernel/include/kernel/wait.h:
arch/host/host_internal.h:
arch/host/os/arch_host_abi.h:
instrumentation/asan/asan.h:
kernel/include/kernel/sanitize.h:
