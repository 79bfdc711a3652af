# kernel/core: boot order, command line, log, crashes; threads, locks, sleeping, time
cflags-y += $(no-compares)
obj-$(CONFIG_STACK_PROTECTOR) += stack_guard.o
obj-y += main.o boot.o cmdline.o log.o crash.o
obj-y += metrics.o cpu.o spinlock.o sched.o thread.o wait.o mutex.o timer.o clock.o suspend.o power.o entropy.o
obj-$(CONFIG_TICKET_LOCKS) += ticket.o
obj-$(CONFIG_DEBUG) += lock_order.o ticket_checked.o mutex_checked.o
obj-$(CONFIG_DEVICES) += irq.o
obj-$(CONFIG_SMP) += smp.o balance.o
