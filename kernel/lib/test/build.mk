# kernel/lib/test: unit tests
obj-$(CONFIG_TESTS) += test_chacha20.o test_format.o test_list.o test_parse.o test_ring.o test_siphash.o test_sort.o \
	test_string.o
