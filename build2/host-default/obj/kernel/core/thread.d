build2/host-default/obj/kernel/core/thread.o: kernel/core/thread.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/clock.h \
  kernel/include/kernel/list.h kernel/include/kernel/cpu.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/spinlock.h \
  kernel/include/kernel/heap.h kernel/include/kernel/log.h \
  kernel/include/kernel/page.h kernel/include/kernel/thread.h \
  kernel/include/kernel/wait.h kernel/core/sched_internal.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/list.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/log.h:
kernel/include/kernel/page.h:
kernel/include/kernel/thread.h:
kernel/include/kernel/wait.h:
kernel/core/sched_internal.h:
