# kernel/core/test: unit tests
obj-$(CONFIG_TESTS) += test_cmdline.o test_log.o test_crash.o
obj-$(CONFIG_TESTS) += test_lock.o test_thread.o test_preempt.o test_wait.o test_idle.o test_timer.o test_storm.o
obj-$(CONFIG_TESTS) += test_suspend.o test_metrics.o
obj-$(and $(CONFIG_SMP),$(CONFIG_TESTS)) += test_smp.o
