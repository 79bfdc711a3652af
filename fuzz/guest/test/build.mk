# fuzz/guest/test: unit tests of what the guest takes from fuzz/abi.
nosan-y := 1
obj-$(CONFIG_TESTS) += test_program.o
