/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The MC146818 real-time clock: read once at boot.
 */
#include "pc_internal.h"

#include <arch/x86.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

#define REG_A 0x0a
#define REG_B 0x0b
#define REG_A_UPDATING 0x80
#define REG_B_BINARY 0x04
#define REG_B_24_HOURS 0x02

struct rtc_time {
	unsigned second, minute, hour, day, month, year;
};

static uint8_t cmos_read(uint8_t reg)
{
	x86_out8(CMOS_INDEX, reg);
	return x86_in8(CMOS_DATA);
}

static struct rtc_time time_read(void)
{
	return (struct rtc_time){ cmos_read(0), cmos_read(2), cmos_read(4), cmos_read(7), cmos_read(8), cmos_read(9) };
}

static bool same(const struct rtc_time *a, const struct rtc_time *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour && a->day == b->day;
}

static unsigned from_bcd(unsigned v)
{
	return (v >> 4) * 10 + (v & 15);
}

static void decode(struct rtc_time *t, uint8_t format)
{
	bool pm = !(format & REG_B_24_HOURS) && (t->hour & 0x80);

	t->hour &= format & REG_B_24_HOURS ? 0xff : 0x7f;
	if (!(format & REG_B_BINARY))
		*t = (struct rtc_time){ from_bcd(t->second), from_bcd(t->minute), from_bcd(t->hour),
					from_bcd(t->day),    from_bcd(t->month),  from_bcd(t->year) };
	if (!(format & REG_B_24_HOURS))
		t->hour = t->hour % 12 + (pm ? 12 : 0);
	t->year += 2000;
}

/* Days since 1970-01-01 in the Gregorian calendar; years count from March, so that the leap day comes last. */
static uint64_t days_since_epoch(const struct rtc_time *t)
{
	uint64_t y = t->month <= 2 ? t->year - 1 : t->year;
	uint64_t m = (t->month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + t->day - 1 - 719468;
}

uint64_t rtc_seconds(void)
{
	struct rtc_time t, again;
	uint8_t format = cmos_read(REG_B);

	if (format == 0xff)
		return 0;
	for (int tries = 0; tries < 10000 && (cmos_read(REG_A) & REG_A_UPDATING); tries++)
		;
	t = time_read();
	for (int tries = 0; tries < 10; tries++) {
		again = time_read();
		if (same(&t, &again))
			break;
		t = again;
	}
	decode(&t, format);
	if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31)
		return 0;
	return ((days_since_epoch(&t) * 24 + t.hour) * 60 + t.minute) * 60 + t.second;
}
