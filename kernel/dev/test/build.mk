# kernel/dev: unit tests
nosan-y := 1
obj-$(CONFIG_TESTS) += test_random.o
