build2/host-default/obj/plat/host/os/main.o: plat/host/os/main.c \
  build2/host-default/include/generated/config.h plat/host/os/host_os.h \
  plat/host/os/plat_host_abi.h
build2/host-default/include/generated/config.h:
plat/host/os/host_os.h:
plat/host/os/plat_host_abi.h:
