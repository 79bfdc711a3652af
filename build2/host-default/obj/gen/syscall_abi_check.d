build2/host-default/obj/gen/syscall_abi_check.o: \
  build2/host-default/gen/syscall_abi_check.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/abi/fcntl.h kernel/include/kernel/types.h \
  kernel/include/kernel/abi/mman.h kernel/include/kernel/abi/resource.h \
  kernel/include/kernel/abi/time.h kernel/include/kernel/abi/signal.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/abi/fcntl.h:
kernel/include/kernel/types.h:
kernel/include/kernel/abi/mman.h:
kernel/include/kernel/abi/resource.h:
kernel/include/kernel/abi/time.h:
kernel/include/kernel/abi/signal.h:
