build2/host-default/obj/plat/host/os/memory.o: plat/host/os/memory.c \
  build2/host-default/include/generated/config.h \
  arch/host/os/arch_host_abi.h plat/host/os/host_os.h \
  plat/host/os/plat_host_abi.h
build2/host-default/include/generated/config.h:
arch/host/os/arch_host_abi.h:
plat/host/os/host_os.h:
plat/host/os/plat_host_abi.h:
