# kernel/mm/test: unit tests
obj-$(CONFIG_TESTS) += test_page.o test_minset.o test_heap.o test_heap_misuse.o test_heap_hardening.o test_stack.o
obj-$(CONFIG_TESTS) += test_aspace.o test_aspace_more.o test_fork.o test_io.o test_sys_mmap.o
