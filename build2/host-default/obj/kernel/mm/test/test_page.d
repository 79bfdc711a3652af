build2/host-default/obj/kernel/mm/test/test_page.o: \
  kernel/mm/test/test_page.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/heap.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/string.h \
  kernel/mm/test/../page_internal.h kernel/include/kernel/boot.h \
  kernel/include/kernel/page.h arch/arch.h arch/host/include/arch/cpu.h \
  kernel/include/kernel/list.h kernel/mm/test/mm_test.h \
  kernel/include/kernel/test.h kernel/include/kernel/crash_abi.h \
  kernel/include/kernel/linkset.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/heap.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/string.h:
kernel/mm/test/../page_internal.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/page.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
kernel/include/kernel/list.h:
kernel/mm/test/mm_test.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
