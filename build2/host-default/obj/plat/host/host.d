build2/host-default/obj/plat/host/host.o: plat/host/host.c \
  build2/host-default/include/generated/config.h \
  kernel/include/kernel/boot.h kernel/include/kernel/compiler.h \
  kernel/include/kernel/types.h kernel/include/kernel/errno.h \
  kernel/include/kernel/log.h kernel/include/kernel/string.h plat/plat.h \
  kernel/include/kernel/linkset.h arch/arch.h \
  arch/host/include/arch/cpu.h arch/host/os/arch_host_abi.h \
  plat/host/os/plat_host_abi.h
build2/host-default/include/generated/config.h:
kernel/include/kernel/boot.h:
kernel/include/kernel/compiler.h:
kernel/include/kernel/types.h:
kernel/include/kernel/errno.h:
kernel/include/kernel/log.h:
kernel/include/kernel/string.h:
plat/plat.h:
kernel/include/kernel/linkset.h:
arch/arch.h:
arch/host/include/arch/cpu.h:
arch/host/os/arch_host_abi.h:
plat/host/os/plat_host_abi.h:
