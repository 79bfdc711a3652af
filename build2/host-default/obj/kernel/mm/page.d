build2/host-default/obj/kernel/mm/page.o: kernel/mm/page.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/atomic.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/crash.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/log.h \
  kernel/include/kernel/sanitize.h kernel/include/kernel/snapshot.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/string.h \
  kernel/mm/minset.h kernel/mm/page_internal.h \
  kernel/include/kernel/boot.h kernel/include/kernel/page.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/list.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/atomic.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/crash.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/log.h:
kernel/include/kernel/sanitize.h:
kernel/include/kernel/snapshot.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/string.h:
kernel/mm/minset.h:
kernel/mm/page_internal.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/page.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
