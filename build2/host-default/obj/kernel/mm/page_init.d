build2/host-default/obj/kernel/mm/page_init.o: kernel/mm/page_init.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h kernel/include/kernel/log.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/mm/page_internal.h kernel/include/kernel/boot.h \
  kernel/include/kernel/page.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/list.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/log.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/mm/page_internal.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/page.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
