build2/host-default/obj/kernel/mm/heap_quarantine.o: \
  kernel/mm/heap_quarantine.c \
  build2/host-default/include/generated/config.h \
  kernel/mm/heap_internal.h kernel/include/kernel/heap.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/page.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/list.h kernel/include/kernel/spinlock.h
build2/host-default/include/generated/config.h:
kernel/mm/heap_internal.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/page.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
kernel/include/kernel/spinlock.h:
