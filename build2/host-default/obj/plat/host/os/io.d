build2/host-default/obj/plat/host/os/io.o: plat/host/os/io.c \
  build2/host-default/include/generated/config.h \
  plat/host/os/plat_host_abi.h
build2/host-default/include/generated/config.h:
plat/host/os/plat_host_abi.h:
