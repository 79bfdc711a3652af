build2/host-default/obj/arch/host/cpu.o: arch/host/cpu.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/clock.h kernel/include/kernel/list.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/cpu.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/log.h \
  kernel/include/kernel/string.h kernel/include/kernel/thread.h \
  kernel/include/kernel/wait.h plat/plat.h \
  kernel/include/kernel/linkset.h arch/host/host_internal.h \
  arch/host/os/arch_host_abi.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/list.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/log.h:
kernel/include/kernel/string.h:
kernel/include/kernel/thread.h:
kernel/include/kernel/wait.h:
plat/plat.h:
kernel/include/kernel/linkset.h:
arch/host/host_internal.h:
arch/host/os/arch_host_abi.h:
