/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time, and the timers. All times are nanoseconds. In harness mode the clock is virtual: it moves only by
 * clock_virtual_advance(), so that the same input sees the same times.
 */
#pragma once

#include <kernel/list.h>

struct cpu;
struct vdso_data;

/* Since boot, monotonic. Any context. */
uint64_t clock_ns(void);
/* Since 1970-01-01 UTC. */
uint64_t clock_realtime_ns(void);
/* clock_settime(CLOCK_REALTIME): moves the difference to clock_ns(). */
void clock_realtime_set(uint64_t now_ns);

/* Keeps a page of the kernel's up to date, so that programs read the clocks by themselves. Called once. */
void clock_publish(struct vdso_data *page);

/* From now on the clock stands at start_ns and moves only by clock_virtual_advance(); timers fire from there too. */
void clock_virtual_start(uint64_t start_ns);
/* Back to the machine's clock and its time of day: for tests. */
void clock_virtual_stop(void);
bool clock_is_virtual(void);
/* How often clock_ns() has become another clock, which may have gone back. */
extern unsigned clock_changes;
/* Moves the virtual clock and fires, in order, the timers that this makes due. */
void clock_virtual_advance(uint64_t by_ns);
/* The next armed timer of any CPU, deferrable ones left out; UINT64_MAX when none. */
uint64_t timer_next_ns(void);

struct timer {
	struct list node;
	uint64_t deadline_ns;
	/*
	 * Interrupts off. May arm it again, for later than now: the virtual clock passes no moment before all
	 * has fired.
	 */
	void (*fire)(struct timer *timer);
	struct cpu *cpu;			/* whose list it is on; NULL when not armed */
	bool deferrable;			/* background work: does not keep a harness's input alive */
};

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
/* Arms, or moves an armed one. Any context. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);
/* After it returns the timer is not armed, and its function runs on no other CPU. @return true when it was armed. */
bool timer_cancel(struct timer *timer);
/* Called by the platform's timer interrupt, interrupts off. */
void timer_interrupt(void);
/**
 * While the clock is virtual the machine's timer serves this alone: expired() is called once, from its interrupt,
 * after_ns of real time from now; 0: only when whoever supervises the machine says so. NULL takes it back.
 */
void timer_set_deadline(uint64_t after_ns, void (*expired)(void));

/* Sleeps. @return 0, or -EINTR when the thread was killed. */
int clock_sleep_until(uint64_t deadline_ns);
