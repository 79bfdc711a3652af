/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time limits: see deadline.h.
 */
#include "deadline.h"

#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/wait.h>

#define NS_MAX ((uint64_t)INT64_MAX) /* Linux's latest time */

uint64_t deadline_after(uint64_t ns)
{
	uint64_t now = clock_ns();

	return ns > NS_MAX - now ? NS_MAX : now + ns;
}

uint64_t deadline_from_ms(int timeout_ms)
{
	return timeout_ms < 0 ? WAIT_FOREVER : deadline_after((uint64_t)timeout_ms * NSEC_PER_MSEC);
}

int timespec_to_ns(const struct abi_timespec *time, uint64_t *ns)
{
	if (time->sec < 0 || time->nsec < 0 || time->nsec >= (int64_t)NSEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)time->sec >= NS_MAX / NSEC_PER_SEC)
		*ns = NS_MAX;
	else
		*ns = (uint64_t)time->sec * NSEC_PER_SEC + (uint64_t)time->nsec;
	return 0;
}

struct abi_timespec timespec_from_ns(uint64_t ns)
{
	return (struct abi_timespec){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC) };
}

int deadline_from_timespec(user_ptr_t from, uint64_t *deadline_ns)
{
	struct abi_timespec time;
	uint64_t ns;
	int err;

	*deadline_ns = WAIT_FOREVER;
	if (!from)
		return 0;
	err = user_read(&time, from);
	if (!err)
		err = timespec_to_ns(&time, &ns);
	if (!err)
		*deadline_ns = deadline_after(ns);
	return err;
}

int deadline_from_timeval(user_ptr_t from, uint64_t *deadline_ns)
{
	struct abi_timespec time;
	struct abi_timeval tv;
	uint64_t ns;
	int err;

	*deadline_ns = WAIT_FOREVER;
	if (!from)
		return 0;
	err = user_read(&tv, from);
	if (err)
		return err;
	/* More than a million microseconds are fine here; a sum beyond all time comes out negative, and is refused. */
	time.sec = (int64_t)((uint64_t)tv.sec + (uint64_t)(tv.usec / 1000000));
	time.nsec = tv.usec % 1000000 * (int64_t)NSEC_PER_USEC;
	err = timespec_to_ns(&time, &ns);
	if (!err)
		*deadline_ns = deadline_after(ns);
	return err;
}

static uint64_t left(uint64_t deadline_ns)
{
	uint64_t now = clock_ns();

	return deadline_ns > now ? deadline_ns - now : 0;
}

void deadline_to_timespec(user_ptr_t to, uint64_t deadline_ns)
{
	struct abi_timespec time = timespec_from_ns(left(deadline_ns));

	if (to && user_write(to, &time))
		return;
}

void deadline_to_timeval(user_ptr_t to, uint64_t deadline_ns)
{
	struct abi_timespec time = timespec_from_ns(left(deadline_ns));
	struct abi_timeval tv = { time.sec, time.nsec / (int64_t)NSEC_PER_USEC };

	if (to && user_write(to, &tv))
		return;
}
