# profiler/host: saki-prof. It starts machines by saki-run, and reads their memory.
tool-saki-prof-y := main.o cmd_metrics.o machine.o metrics.o metrics_read.o

# Tables of a guest that lies; test/metrics.test runs it.
tool-saki-prof-test-y := metrics.o metrics_read.o test/metrics_test.o
