/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of plat/pc share. All of it serves the boot CPU and is polled.
 */
#pragma once

#include <kernel/boot.h>
#include <kernel/compiler.h>

/*
 * serial.c: two 16550s. The program's console is COM1; the log goes to COM2, or to COM1 where there is no second one.
 */
void serial_log_write(const char *text, size_t len);
void serial_console_write(const char *text, size_t len);
ssize_t serial_console_read(char *text, size_t len);
/* Waits until all that was written has left. */
void serial_flush(void);

/* Lines for the runner, on the debug console: "console" when COM1 takes input, "exit N" at the end. */
void debug_console_write(const char *text);

/*
 * lapic.c: the local APIC and its timer. ticks_per_second as measured, for the timer's input divided by 16; of no
 * matter where the timer can go by the time-stamp counter.
 */
int lapic_init(void);
uint32_t lapic_ticks(void);
bool lapic_timer_counts_tsc(void);
void lapic_timer_init(uint64_t ticks_per_second);
void lapic_timer_arm(uint64_t deadline_ns);

/* The running CPU's: interrupts but the timer's; and that. */
void lapic_enable(void);
void lapic_timer_enable(void);
/* How every CPU reaches its own. */
extern struct apic apic;

/* lapic_cpus.c (option SMP): see struct platform. */
void lapic_cpus_start(const uint32_t *ids, unsigned count, uint64_t entry);
void lapic_cpu_init(void);
void lapic_cpu_interrupt(uint32_t id);
void lapic_cpus_stop(void);
/* cpus.c: their hardware ids. */
unsigned cpus_find(const struct boot_info *info, uint32_t *ids, unsigned max);

/* memory.c: a tables_at_t of this machine's memory. */
const void *pc_memory_at(phys_t phys, size_t len);

/* irq.c (option DEVICES): see struct platform. */
struct irq_message;
int irq_line_on(unsigned irq, unsigned line);
void irq_line_off(unsigned line);
/* An edge of the line is a non-maskable interrupt of every CPU. -ENODEV: there is no such line. */
int irq_line_nmi(unsigned line);
/* nmi.c: see struct platform. CPUs that have yet to be started do not live through one. */
int nmi_start(uint64_t *hz);
int irq_message_on(unsigned irq, struct irq_message *message);
/* pci.c: configuration space in memory, where the firmware tells of it; else through the two ports. */
struct pci_host;
const struct pci_host *pci_find_host(void);
struct plat_mmio;
unsigned mmio_devices(struct plat_mmio *places, unsigned max);

/* clock.c: time from the time-stamp counter. */
int clock_init(void);
uint64_t clock_now_ns(void);
uint64_t clock_scale(uint64_t *start);
/* A frequency as ticks a nanosecond, with 32 bits of fraction. */
uint64_t clock_per_ns_32(uint64_t hz);
/* The counter's value at a clock_now_ns() time. */
uint64_t clock_to_tsc(uint64_t ns);

/* pit.c: the 8254's channel 0 as a free-running counter. Counts down from 65535 at PIT_HZ, and wraps. */
#define PIT_HZ 1193182
/* 0 stands for 65536. */
void pit_start(uint16_t divisor);
uint16_t pit_read(void);
/* False when nothing counts there. */
bool pit_is_there(void);

/* rtc.c: seconds since 1970 from the battery-backed clock; 0 when there is none. */
uint64_t rtc_seconds(void);
