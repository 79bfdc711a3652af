build2/host-default/obj/kernel/core/test/test_preempt.o: \
  kernel/core/test/test_preempt.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/clock.h \
  kernel/include/kernel/list.h kernel/include/kernel/cpu.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/spinlock.h \
  kernel/include/kernel/test.h kernel/include/kernel/crash_abi.h \
  kernel/include/kernel/linkset.h kernel/include/kernel/thread.h \
  kernel/include/kernel/wait.h
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
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/thread.h:
kernel/include/kernel/wait.h:
