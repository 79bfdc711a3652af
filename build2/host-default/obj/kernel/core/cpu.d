build2/host-default/obj/kernel/core/cpu.o: kernel/core/cpu.c \
  build2/host-default/include/generated/config.h \
  kernel/core/sched_internal.h kernel/include/kernel/cpu.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/list.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/log.h \
  kernel/include/kernel/thread.h kernel/include/kernel/wait.h
build2/host-default/include/generated/config.h:
kernel/core/sched_internal.h:
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
