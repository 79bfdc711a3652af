build2/host-default/obj/instrumentation/asan/asan_hosted.o: \
  instrumentation/asan/asan_hosted.c \
  build2/host-default/include/generated/config.h \
  instrumentation/asan/asan_abi.h
build2/host-default/include/generated/config.h:
instrumentation/asan/asan_abi.h:
