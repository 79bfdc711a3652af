build2/host-default/obj/arch/host/os/signals.o: arch/host/os/signals.c \
  build2/host-default/include/generated/config.h \
  arch/host/os/arch_host_abi.h
build2/host-default/include/generated/config.h:
arch/host/os/arch_host_abi.h:
