/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine contract: what the portable kernel asks of the machine or hypervisor it finds itself on.
 *
 * An image may hold several platforms; each registers with PLATFORM(). At boot the one whose probe() returns the
 * highest score becomes `plat`; every plat_*() call below goes there. Entry code (PVH, Multiboot 2, process start)
 * fills a struct boot_info and calls kernel_main() (kernel/include/kernel/boot.h).
 */
#pragma once

#include <kernel/linkset.h>

struct boot_info;
struct cpu;
struct irq_message;
struct pci_host;
struct xen_host;

#define PLAT_IRQS 64
#define PLAT_SUSPEND_WORDS 4
#define PLAT_WAITS_BEFORE_SLEEP 1000

enum plat_stop {
	PLAT_POWER_OFF,
	PLAT_REBOOT,
};

/* Where a virtio device's registers are, and its interrupt's line, for irq_line(). */
struct plat_mmio {
	phys_t base;
	size_t size;
	unsigned line;
};

struct platform {
	const char *name;	/* as --plat says it: "q35", "pc", "microvm", "host" */

	/* A score: 0 when this is not the machine; otherwise the more specific, the higher. No side effects. */
	int (*probe)(const struct boot_info *boot);

	/*
	 * Interrupt controller, timer, clock source and consoles of the boot CPU. Called once, before interrupts are
	 * enabled.
	 */
	int (*init)(const struct boot_info *boot);

	/* Nanoseconds since boot: monotonic on every CPU. Any context. */
	uint64_t (*clock_ns)(void);
	/*
	 * How that follows from arch_cycles(): (cycles - *start) * scale >> 32, on every CPU. Returns the scale, 0 when
	 * it does not. NULL: it never does.
	 */
	uint64_t (*clock_scale)(uint64_t *start);
	/* Nanoseconds since 1970-01-01 UTC at boot, from the machine's real-time clock; 0 when it has none. */
	uint64_t (*boot_time_ns)(void);
	/*
	 * Arms this CPU's one-shot timer for an absolute clock_ns() time; UINT64_MAX disarms. A time that has passed
	 * fires at once. It calls timer_interrupt() (kernel/timer.h) with interrupts off.
	 */
	void (*timer_arm)(uint64_t deadline_ns);

	/*
	 * Waits for an interrupt and takes it, where the machine has a better way than arch_irq_wait(), which says
	 * more; NULL: it has none.
	 */
	void (*irq_wait)(void);

	/*
	 * Other CPUs (option SMP); all NULL on machines that have one. The hardware ids of all CPUs of the machine,
	 * at most max; starting those at a physical address, all at once; interrupt controller and timer of the
	 * running CPU, which was started; cpu_interrupt() (kernel/smp.h) on another CPU, from any context; and the end
	 * of all others wherever they are, for good.
	 */
	unsigned (*cpus_find)(const struct boot_info *boot, uint32_t *ids, unsigned max);
	void (*cpus_start)(const uint32_t *ids, unsigned count, uint64_t entry);
	void (*cpu_init)(void);
	void (*cpu_interrupt)(uint32_t id);
	void (*cpus_stop)(void);

	/*
	 * From now on every CPU gets a non-maskable interrupt so many times a second (arch_set_nmi()), about: *hz
	 * becomes what it really is. Once all CPUs have started. -ENODEV: the machine has nothing that could. NULL:
	 * likewise.
	 */
	int (*nmi_start)(uint64_t *hz);

	/*
	 * Interrupts of devices (option DEVICES), which go to the boot CPU; NULL: there are none. irq_handle()
	 * (kernel/irq.h) is called for the number irq, below PLAT_IRQS: whenever a line (a global system interrupt,
	 * active high, level) is; when a device writes the message. -ENODEV: there is no such line.
	 */
	int (*irq_line)(unsigned irq, unsigned line);
	void (*irq_line_off)(unsigned line);
	int (*irq_message)(unsigned irq, struct irq_message *message);
	/* Its PCI; NULL, or returns NULL: it has none. */
	const struct pci_host *(*pci_host)(void);
	/* What Xen's devices are made of (kernel/xen.h); NULL, or returns NULL: it has none. Called once. */
	const struct xen_host *(*xen_host)(void);
	/* Virtio devices in memory that the firmware tells of, at most max; NULL: of none. */
	unsigned (*mmio_devices)(struct plat_mmio *places, unsigned max);

	/* Kernel log and crash text: goes to the host's stderr. Polled, no locks; any context. */
	void (*log_write)(const char *text, size_t len);
	/* The program's console: output; and what input there is without waiting: 0 when none, -EPIPE after its end. */
	void (*console_write)(const char *text, size_t len);
	ssize_t (*console_read)(char *text, size_t len);

	/*
	 * Waits until *word, which the runner outside writes, may differ from value; spurious returns are fine,
	 * and times says how often it has come back for the same value: from PLAT_WAITS_BEFORE_SLEEP on it sleeps
	 * where it would only give way before.
	 * word_wake() wakes a runner that waits on a word. Both NULL where spinning is all there is (booted
	 * machines); only word_wait() is there where the runner may need this very CPU.
	 */
	void (*word_wait)(const uint32_t *word, uint32_t value, unsigned times);
	void (*word_wake)(uint32_t *word);

	/*
	 * Stops the machine until somebody outside goes on with it, or with a copy of its memory and CPU: it returns in
	 * each of these, true in a copy. That finds its clock going on and its interrupts made anew; lines of devices
	 * are gone, and so is what was on its way. words: what the maker of the copy has put there, which should be
	 * entropy, but may be anything. Interrupts off. NULL: nobody outside would. See kernel/suspend.h.
	 */
	bool (*suspend)(uint64_t words[PLAT_SUSPEND_WORDS]);

	/* End of message: status 0..255 reaches the host's runner as the exit status. */
	void (*stop)(enum plat_stop how, int status) NORETURN;
};

#define PLATFORM(p) LINKSET_ADD(platform, &(p))

/* The machine this is. Set by plat_select(), constant afterwards. */
extern const struct platform *plat;

/**
 * Chooses the platform. log_write() and stop() work from then on, so that whatever fails early can say so; all else,
 * and what makes these better, waits for plat_init(). -ENODEV when no probe() knows the machine.
 */
int plat_select(const struct boot_info *boot);
/* Initialises the chosen platform, once memory is up. */
int plat_init(const struct boot_info *boot);
