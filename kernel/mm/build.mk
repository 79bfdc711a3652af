# kernel/mm: pages, the heap, address spaces, the program's memory
$(foreach f,page page_spread minset stack heap heap_slab heap_large heap_quarantine region_page fault user io,\
	$(eval cflags-$f.o := $(no-compares)))
obj-y += page.o page_init.o minset.o stack.o
obj-$(CONFIG_LAYOUT_PAGES) += page_spread.o
obj-y += heap.o heap_slab.o heap_large.o heap_mark.o heap_quarantine.o
# Checks of the heap are instrumentation, not what is fuzzed; they look at many words.
nosan-heap_mark.o := y
obj-y += aspace.o fault.o region.o region_page.o place.o limit.o mmap.o mprotect.o mremap.o madvise.o mlock.o
obj-y += user.o io.o move.o sys_mmap.o sys_mlock.o
