/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hosted half of option ASAN: the runtime's options, and its report handed to the kernel before it is printed.
 * Faults, signal stacks and the end of the process are the kernel's own business, so all of the runtime's handlers
 * are off.
 */
#include <sanitizer/asan_interface.h>

#include "asan_abi.h"

const char *__asan_default_options(void);
void __asan_on_error(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0:handle_segv=0:handle_sigbus=0:handle_sigill=0:"
	       "handle_sigfpe=0:handle_abort=0:use_sigaltstack=0:symbolize=0:exitcode=125:check_initialization_order=0";
}

void __asan_on_error(void)
{
	const struct host_sanitizer_report report = {
		.pc = (uint64_t)__asan_get_report_pc(),
		.bp = (uint64_t)__asan_get_report_bp(),
		.sp = (uint64_t)__asan_get_report_sp(),
		.address = (uint64_t)__asan_get_report_address(),
		.size = __asan_get_report_access_size(),
		.is_write = __asan_get_report_access_type(),
		.description = __asan_get_report_description(),
	};

	host_sanitizer_report(&report);
}
