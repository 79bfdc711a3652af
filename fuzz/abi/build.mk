# fuzz/abi: what guest and host share. Not the kernel under test, so never instrumented.
nosan-y := 1
obj-$(CONFIG_FUZZ) += program.o program_decode.o program_encode.o program_place.o
