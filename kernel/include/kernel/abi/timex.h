/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adjtimex(2): struct timex and its words.
 */
#pragma once

#include <kernel/abi/time.h>

struct abi_timex {
	uint32_t modes, pad0;
	int64_t offset, freq, maxerror, esterror;
	int32_t status;
	uint32_t pad1;
	int64_t constant, precision, tolerance;
	struct abi_timeval time; /* nanoseconds in usec with STA_NANO */
	int64_t tick, ppsfreq, jitter;
	int32_t shift;
	uint32_t pad2;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai;
	uint32_t pad3[11];
};

/* modes */
#define ADJ_OFFSET 0x0001u
#define ADJ_FREQUENCY 0x0002u
#define ADJ_MAXERROR 0x0004u
#define ADJ_ESTERROR 0x0008u
#define ADJ_STATUS 0x0010u
#define ADJ_TIMECONST 0x0020u
#define ADJ_TAI 0x0080u
#define ADJ_SETOFFSET 0x0100u
#define ADJ_MICRO 0x1000u
#define ADJ_NANO 0x2000u
#define ADJ_TICK 0x4000u
#define ADJ_OFFSET_SINGLESHOT 0x8001u /* what adjtime(3) asks for */
#define ADJ_OFFSET_SS_READ 0xa001u

/* status */
#define STA_UNSYNC 0x0040u
#define STA_FREQHOLD 0x0080u
#define STA_CLOCKERR 0x1000u
#define STA_NANO 0x2000u
#define STA_RONLY 0xff00u

/* results */
#define TIME_OK 0
#define TIME_ERROR 5
