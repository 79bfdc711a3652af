/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of arch/host share.
 */
#pragma once

#include <arch/arch.h>

/* Between these two a tick waits for the next one. A few instructions. */
void arch_host_signals_defer(void);
void arch_host_signals_allow(void);
/* For one who jumps away: whatever was being reported is over. */
void arch_host_signals_reset(void);
