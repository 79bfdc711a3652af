# fuzz/abi: what guest and host share. Not the kernel under test, so never instrumented.
nosan-y := 1
obj-$(or $(CONFIG_FUZZ),$(CONFIG_TESTS)) += program.o program_decode.o program_encode.o program_place.o
