build2/host-default/obj/kernel/core/mutex.o: kernel/core/mutex.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/log.h \
  kernel/include/kernel/mutex.h kernel/include/kernel/wait.h \
  kernel/include/kernel/list.h kernel/include/kernel/spinlock.h \
  kernel/include/kernel/thread.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/core/sched_internal.h \
  kernel/include/kernel/cpu.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/log.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/thread.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/core/sched_internal.h:
kernel/include/kernel/cpu.h:
