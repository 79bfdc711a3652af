build2/host-default/obj/kernel/core/main.o: kernel/core/main.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/boot.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/cpu.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/list.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/errno.h \
  kernel/include/kernel/harness.h kernel/include/kernel/linkset.h \
  kernel/include/kernel/log.h kernel/include/kernel/page.h \
  kernel/include/kernel/process.h kernel/include/kernel/fd.h \
  kernel/include/kernel/mutex.h kernel/include/kernel/wait.h \
  kernel/include/kernel/test.h kernel/include/kernel/crash_abi.h \
  kernel/include/kernel/thread.h plat/plat.h kernel/core/core_internal.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/harness.h:
kernel/include/kernel/linkset.h:
kernel/include/kernel/log.h:
kernel/include/kernel/page.h:
kernel/include/kernel/process.h:
kernel/include/kernel/fd.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/thread.h:
plat/plat.h:
kernel/core/core_internal.h:
