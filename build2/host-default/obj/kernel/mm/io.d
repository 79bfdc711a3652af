build2/host-default/obj/kernel/mm/io.o: kernel/mm/io.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h kernel/include/kernel/heap.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  kernel/include/kernel/string.h kernel/include/kernel/user.h \
  arch/arch.h arch/host/include/arch/cpu.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/string.h:
kernel/include/kernel/user.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
