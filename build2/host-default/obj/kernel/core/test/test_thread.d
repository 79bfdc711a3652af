build2/host-default/obj/kernel/core/test/test_thread.o: \
  kernel/core/test/test_thread.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/clock.h kernel/include/kernel/list.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/errno.h kernel/include/kernel/heap.h \
  kernel/include/kernel/page.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/string.h kernel/include/kernel/test.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/linkset.h \
  kernel/include/kernel/thread.h kernel/include/kernel/wait.h \
  kernel/include/kernel/spinlock.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/list.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/page.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/string.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/thread.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/spinlock.h:
