build2/host-default/obj/arch/host/pagetable.o: arch/host/pagetable.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/cpu.h arch/arch.h kernel/include/kernel/types.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/list.h kernel/include/kernel/spinlock.h \
  kernel/include/kernel/errno.h kernel/include/kernel/page.h \
  kernel/include/kernel/snapshot.h kernel/include/kernel/string.h \
  arch/host/host_internal.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/cpu.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/page.h:
kernel/include/kernel/snapshot.h:
kernel/include/kernel/string.h:
arch/host/host_internal.h:
