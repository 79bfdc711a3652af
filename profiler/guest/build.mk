# profiler/guest: what a guest shows of itself to who profiles it. Never instrumented. The host world shows nothing: its
# constants are not in the machine's memory.
nosan-y := 1
obj-$(CONFIG_ARCH_X86_64) += metrics.o
