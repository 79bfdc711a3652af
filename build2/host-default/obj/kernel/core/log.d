build2/host-default/obj/kernel/core/log.o: kernel/core/log.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/clock.h \
  kernel/include/kernel/list.h kernel/include/kernel/crash.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/log.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/string.h \
  plat/plat.h kernel/include/kernel/linkset.h \
  kernel/core/core_internal.h kernel/include/kernel/boot.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/clock.h:
kernel/include/kernel/list.h:
kernel/include/kernel/crash.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/log.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/string.h:
plat/plat.h:
kernel/include/kernel/linkset.h:
kernel/core/core_internal.h:
kernel/include/kernel/boot.h:
