build2/host-default/obj/kernel/core/test/test_lock.o: \
  kernel/core/test/test_lock.c \
  build2/host-default/include/generated/config.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/crash.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/mutex.h \
  kernel/include/kernel/wait.h kernel/include/kernel/list.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/string.h \
  kernel/include/kernel/test.h kernel/include/kernel/linkset.h \
  kernel/include/kernel/thread.h
build2/host-default/include/generated/config.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/crash.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/string.h:
kernel/include/kernel/test.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/thread.h:
