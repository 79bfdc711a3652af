# plat/pc/test: unit tests
obj-$(CONFIG_TESTS) += test_apic.o test_tables.o
