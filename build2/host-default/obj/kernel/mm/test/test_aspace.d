build2/host-default/obj/kernel/mm/test/test_aspace.o: \
  kernel/mm/test/test_aspace.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/abi/mman.h kernel/include/kernel/errno.h \
  kernel/include/kernel/heap.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/string.h \
  kernel/include/kernel/user.h kernel/mm/test/../aspace_internal.h \
  kernel/include/kernel/aspace.h arch/arch.h \
  arch/host/include/arch/cpu.h kernel/include/kernel/list.h \
  kernel/include/kernel/mutex.h kernel/include/kernel/wait.h \
  kernel/include/kernel/spinlock.h kernel/include/kernel/page.h \
  kernel/mm/test/mm_test.h kernel/include/kernel/test.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/linkset.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/abi/mman.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/string.h:
kernel/include/kernel/user.h:
kernel/mm/test/../aspace_internal.h:
kernel/include/kernel/aspace.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
kernel/include/kernel/mutex.h:
kernel/include/kernel/wait.h:
kernel/include/kernel/spinlock.h:
kernel/include/kernel/page.h:
kernel/mm/test/mm_test.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
