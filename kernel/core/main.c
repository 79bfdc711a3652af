/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order in which the kernel comes up, and what it then does: unit tests, a harness, an attack, or a program.
 */
#include <instrumentation/layout/layout.h>
#include <instrumentation/trace/boot.h>
#include <instrumentation/trace/trace.h>
#include <kernel/attack.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/log.h>
#include <kernel/outcomes.h>
#include <kernel/page.h>
#include <kernel/power.h>
#include <kernel/process.h>
#include <kernel/profile.h>
#include <kernel/smp.h>
#include <kernel/stack_guard.h>
#include <kernel/test.h>
#include <kernel/thread.h>
#include <plat/plat.h>

#include "core_internal.h"

#define STATUS_USAGE 122
#define NAME_MAX_LEN 256
#define INIT_DEFAULT "/init"

SEALED const struct boot_info *boot_info;

/* Set by the linker script of booted images; a process's constructors are run by libc. */
extern void (*const kernel_init_array_start[])(void) WEAK;
extern void (*const kernel_init_array_end[])(void) WEAK;

void constructors_run(void)
{
	for (void (*const *fn)(void) = kernel_init_array_start; fn < kernel_init_array_end; fn++)
		(*fn)();
}

/* Half a command line could mean anything: nothing is run. */
static void refuse_truncated(const struct boot_info *boot)
{
	if (!boot->truncated)
		return;
	log_error("command line: longer than %zu bytes", sizeof(boot->command_line) - 1);
	plat->stop(PLAT_POWER_OFF, STATUS_USAGE);
}

/* The value of an option that is a name; false when it is absent. One that is too long is a usage error. */
static bool name_option(const char *option, char name[NAME_MAX_LEN])
{
	ssize_t len = boot_option(option, name, NAME_MAX_LEN);

	if (len == -ENAMETOOLONG) {
		log_error("command line: the value of %s= is longer than %d bytes", option, NAME_MAX_LEN - 1);
		plat->stop(PLAT_POWER_OFF, STATUS_USAGE);
	}
	return len >= 0;
}

static int run_tests(const char *glob)
{
	char word[8];
	int failed;

	if (!IS_ENABLED(CONFIG_TESTS)) {
		log_error("command line: test: this kernel was built without its unit tests (option TESTS)");
		return STATUS_USAGE;
	}
	failed = test_run_all(*glob ? glob : NULL);
	if (boot_option("outcomes", word, sizeof(word)) != -ENOENT)
		outcomes_print();
	return failed ? 1 : 0;
}

static NORETURN void run_harness(const char *name)
{
	if (IS_ENABLED(CONFIG_FUZZ))
		harness_main(name);
	log_error("command line: harness=%s: this kernel was built without harnesses (option FUZZ)", name);
	plat->stop(PLAT_POWER_OFF, STATUS_USAGE);
}

static NORETURN void run_attack(const char *name)
{
	if (IS_ENABLED(CONFIG_ATTACKS))
		attack_main(name);
	log_error("command line: attack=%s: this kernel was built without attacks (option ATTACKS)", name);
	plat->stop(PLAT_POWER_OFF, STATUS_USAGE);
}

static int run_init(void)
{
	char path[NAME_MAX_LEN];

	if (!name_option("init", path) || !*path)
		format(path, sizeof(path), "%s", INIT_DEFAULT);
	return process_run_init(path);
}

/* Thread "boot", on its own stack, everything up. */
static NORETURN void run(void)
{
	char name[NAME_MAX_LEN];
	int status;

	/* What this thread had for a guard is from before the entropy source was up. */
	if (IS_ENABLED(CONFIG_STACK_PROTECTOR))
		stack_guard_renew();
	if (name_option("entropy", name))
		plat->stop(PLAT_POWER_OFF, entropy_print());
	if (name_option("attack", name))
		run_attack(name);
	if (name_option("test", name))
		plat->stop(PLAT_POWER_OFF, run_tests(name));
	if (name_option("harness", name))
		run_harness(name);
	status = run_init();
	plat->stop(power_is_again() ? PLAT_REBOOT : PLAT_POWER_OFF, status);
}

static void seal(void *unused UNUSED)
{
	arch_memory_seal();
}

/* Before the first program, or test. */
static void seal_memory(void)
{
	preempt_disable();
	seal(NULL);
	cpus_call(UINT64_MAX, seal, NULL);
	preempt_enable();
}

/* The second half, on a stack that has a guard page and is known to interrupts. */
static long main_on_thread_stack(void *arg UNUSED)
{
	init_calls_run(INIT_CORE, INIT_CORE);
	thread_init();
	arch_irq_enable();
	cpus_start();
	boot_phase_end("threads, other CPUs told to start");
	init_calls_run(INIT_BUS, INIT_LATE);
	cpus_wait();
	profiler_start();
	boot_phase_end("wait for other CPUs");
	seal_memory();
	log_info("up: %s on %s, %zu MiB", boot_info->protocol, plat->name, page_total_count() * PAGE_SIZE / MIB);
	run();
}

static NORETURN void continue_on_thread_stack(void)
{
	struct thread *boot = thread_current();

	boot->stack_size = stack_size_draw(THREAD_STACK_SIZE);
	boot->stack_base = stack_alloc(THREAD_STACK_SIZE);
	if (!boot->stack_base)
		panic("no memory for the boot thread's stack");
	arch_cpu()->kernel_stack_top = (uintptr_t)boot->stack_base + boot->stack_size;
	arch_call_on_stack(boot->stack_base, boot->stack_size, main_on_thread_stack, NULL);
	__builtin_unreachable();
}

static void memory_up(void)
{
	int err;

	err = page_init();
	if (err)
		panic("no usable memory in the %zu ranges that the boot loader gave: %s", boot_info->range_count,
		      errno_name(-err));
	boot_phase_end("memory");
	trace_choose();
	err = arch_memory_init();
	if (err)
		panic("the kernel's page tables cannot be made: %s", errno_name(-err));
	page_all_mapped();
	boot_phase_end("page tables");
	init_calls_run(INIT_MEMORY, INIT_MEMORY);
	constructors_run();
}

void kernel_main(struct boot_info *boot)
{
	int err;

	boot_phase_end("first instructions");
	arch_cpu_init(cpus[0]);
	boot_info = boot;
	layout_key_init(boot->command_line);
	err = plat_select(boot);
	log_set_level((enum log_level)min(boot_option_number("loglevel", LOG_WARNING), (uint64_t)LOG_DEBUG));
	if (err)
		panic("no platform of this image knows the machine (%s)", boot->protocol);
	boot_phase_end("CPU, platform");
	memory_up();
	err = plat_init(boot);
	if (err)
		panic("the machine cannot be initialised: %s", errno_name(-err));
	boot_phase_end("interrupt controller, clock");
	log_flush();
	refuse_truncated(boot);
	boot_options_check();
	continue_on_thread_stack();
}
