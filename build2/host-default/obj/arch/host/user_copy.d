build2/host-default/obj/arch/host/user_copy.o: arch/host/user_copy.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/aspace.h arch/arch.h \
  kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/list.h \
  kernel/include/kernel/mutex.h kernel/include/kernel/wait.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/cpu.h \
  kernel/include/kernel/errno.h kernel/include/kernel/string.h \
  arch/host/host_internal.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/aspace.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/list.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/cpu.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/string.h:
arch/host/host_internal.h:
