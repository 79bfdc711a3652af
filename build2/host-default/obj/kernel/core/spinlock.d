build2/host-default/obj/kernel/core/spinlock.o: kernel/core/spinlock.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/cpu.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/list.h \
  kernel/include/kernel/spinlock.h kernel/core/spinlock_check.h \
  kernel/include/kernel/log.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
kernel/core/spinlock_check.h:
kernel/include/kernel/log.h:
