/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers, by the machine's clock and by the virtual one.
 */
#include <kernel/clock.h>
#include <kernel/string.h>
#include <kernel/test.h>

struct note {
	struct timer timer;
	char letter;
	uint64_t at_ns;
	unsigned again;  /* how often it arms itself again */
};

static char order[16];

static void write_letter(struct timer *timer)
{
	struct note *note = container_of(timer, struct note, timer);
	size_t len = strlen(order);

	if (len + 1 < sizeof(order))
		order[len] = note->letter;
	note->at_ns = clock_ns();
	if (note->again) {
		note->again--;
		timer_arm(timer, note->at_ns + 10);
	}
}

static void notes_init(struct note *notes, unsigned count)
{
	memset(order, 0, sizeof(order));
	for (unsigned i = 0; i < count; i++) {
		notes[i] = (struct note){ .letter = (char)('a' + i) };
		timer_init(&notes[i].timer, write_letter);
	}
}

TEST(timers_fire_in_order_and_not_early)
{
	uint64_t start = clock_ns();
	struct note notes[3];

	notes_init(notes, 3);
	timer_arm(&notes[0].timer, start + 6 * NSEC_PER_MSEC);
	timer_arm(&notes[1].timer, start + 2 * NSEC_PER_MSEC);
	timer_arm(&notes[2].timer, start + 4 * NSEC_PER_MSEC);
	CHECK_EQ(clock_sleep_until(start + 10 * NSEC_PER_MSEC), 0);
	CHECK_STR(order, "bca");
	CHECK(notes[0].at_ns >= start + 6 * NSEC_PER_MSEC);
	CHECK(notes[1].at_ns >= start + 2 * NSEC_PER_MSEC);
	CHECK(!timer_cancel(&notes[0].timer));
}

TEST(timer_of_the_past_fires_at_once)
{
	struct note note;

	notes_init(&note, 1);
	timer_arm(&note.timer, 0);
	CHECK_EQ(clock_sleep_until(clock_ns() + NSEC_PER_MSEC), 0);
	CHECK_STR(order, "a");
}

TEST(timer_cancel_and_move)
{
	uint64_t start = clock_ns();
	struct note notes[2];

	notes_init(notes, 2);
	timer_arm(&notes[0].timer, start + 100 * NSEC_PER_MSEC);
	timer_arm(&notes[1].timer, start + 100 * NSEC_PER_MSEC);
	CHECK(timer_cancel(&notes[0].timer));
	CHECK(!timer_cancel(&notes[0].timer));
	timer_arm(&notes[1].timer, start + NSEC_PER_SEC * 3600); /* moved */
	CHECK_EQ(clock_sleep_until(start + 120 * NSEC_PER_MSEC), 0);
	CHECK_STR(order, "");
	CHECK(timer_cancel(&notes[1].timer));
}

TEST(virtual_timers_see_the_time_they_asked_for)
{
	struct note notes[4];

	notes_init(notes, 4);
	clock_virtual_start(1000);
	timer_arm(&notes[0].timer, 1300);
	timer_arm(&notes[1].timer, 1100);
	timer_arm(&notes[2].timer, 1100); /* behind b: same time, armed later */
	timer_arm(&notes[3].timer, 2000);
	notes[1].again = 2; /* 1110, 1120 */
	clock_virtual_advance(500);
	timer_cancel(&notes[3].timer);
	clock_virtual_stop();
	CHECK_STR(order, "bcbba");
	CHECK_EQ(notes[0].at_ns, 1300);
	CHECK_EQ(notes[1].at_ns, 1120);
	CHECK_EQ(notes[2].at_ns, 1100);
}

TEST(timer_next_leaves_deferrable_ones_out)
{
	struct note notes[2];
	uint64_t with_deferrable, with_both;

	notes_init(notes, 2);
	clock_virtual_start(1000);
	notes[0].timer.deferrable = true;
	timer_arm(&notes[0].timer, 1100);
	with_deferrable = timer_next_ns();
	timer_arm(&notes[1].timer, 1500);
	with_both = timer_next_ns();
	timer_cancel(&notes[0].timer);
	timer_cancel(&notes[1].timer);
	clock_virtual_stop();
	CHECK(with_deferrable == UINT64_MAX);
	CHECK_EQ(with_both, 1500);
}

TEST(realtime_clock_can_be_set)
{
	uint64_t before = clock_realtime_ns(), mono = clock_ns(), set;

	clock_realtime_set(NSEC_PER_SEC);
	set = clock_realtime_ns();
	clock_realtime_set(before + (clock_ns() - mono));
	CHECK(set >= NSEC_PER_SEC);
	CHECK(set < 2 * NSEC_PER_SEC);
	CHECK(clock_realtime_ns() >= before);
}
