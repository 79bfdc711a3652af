build2/host-default/obj/arch/host/switch.o: arch/host/switch.S \
  build2/host-default/include/generated/config.h
build2/host-default/include/generated/config.h:
