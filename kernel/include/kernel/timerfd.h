/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timerfd, as the rest of the kernel sees it.
 */
#pragma once

/*
 * The time of day was set: absolute timers on it move, and those that asked for it (TFD_TIMER_CANCEL_ON_SET) are told.
 */
void timerfd_clock_was_set(void);
