build2/host-default/obj/kernel/mm/mremap.o: kernel/mm/mremap.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/errno.h kernel/mm/aspace_internal.h \
  kernel/include/kernel/abi/mman.h kernel/include/kernel/aspace.h \
  arch/arch.h kernel/include/kernel/types.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/compiler.h kernel/include/kernel/list.h \
  kernel/include/kernel/mutex.h kernel/include/kernel/wait.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/page.h \
  kernel/include/kernel/user.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/errno.h:
kernel/mm/aspace_internal.h:
kernel/include/kernel/abi/mman.h:
kernel/include/kernel/aspace.h:
arch/arch.h:
kernel/include/kernel/types.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/list.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/page.h:
kernel/include/kernel/user.h:
