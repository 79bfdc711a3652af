build2/host-default/obj/kernel/core/sched.o: kernel/core/sched.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/aspace.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/list.h \
  kernel/include/kernel/mutex.h kernel/include/kernel/wait.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/atomic.h \
  kernel/include/kernel/clock.h kernel/include/kernel/cpu.h \
  kernel/include/kernel/thread.h kernel/core/sched_internal.h \
  kernel/include/kernel/log.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/aspace.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/list.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/cpu.h:
kernel/include/kernel/thread.h:
kernel/core/sched_internal.h:
kernel/include/kernel/log.h:
