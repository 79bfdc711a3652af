build2/host-default/obj/kernel/mm/user.o: kernel/mm/user.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h kernel/include/kernel/user.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/types.h \
  arch/arch.h arch/host/include/arch/cpu.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/user.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
