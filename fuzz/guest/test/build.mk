# fuzz/guest/test: unit tests of what the guest takes from fuzz/abi, and of the profile of inputs.
nosan-y := 1
obj-$(CONFIG_TESTS) += test_program.o
ifdef CONFIG_FUZZ
obj-$(CONFIG_TESTS) += test_profile.o
endif
