build2/host-default/obj/kernel/core/clock.o: kernel/core/clock.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/boot.h \
  kernel/include/kernel/clock.h kernel/include/kernel/list.h \
  kernel/include/kernel/cpu.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/errno.h \
  kernel/include/kernel/linkset.h kernel/include/kernel/wait.h \
  plat/plat.h kernel/core/sched_internal.h kernel/include/kernel/log.h \
  kernel/include/kernel/thread.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/list.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/wait.h:
plat/plat.h:
kernel/core/sched_internal.h:
kernel/include/kernel/log.h:
kernel/include/kernel/thread.h:
