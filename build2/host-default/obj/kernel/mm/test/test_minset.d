build2/host-default/obj/kernel/mm/test/test_minset.o: \
  kernel/mm/test/test_minset.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/string.h kernel/include/kernel/types.h \
  kernel/mm/test/../minset.h kernel/include/kernel/compiler.h \
  kernel/mm/test/mm_test.h kernel/include/kernel/test.h \
  kernel/include/kernel/crash_abi.h kernel/include/kernel/linkset.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/string.h:
kernel/include/kernel/types.h:
kernel/mm/test/../minset.h:
kernel/include/kernel/compiler.h:
kernel/mm/test/mm_test.h:
kernel/include/kernel/test.h:
kernel/include/kernel/crash_abi.h:
kernel/include/kernel/linkset.h:
