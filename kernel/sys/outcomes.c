/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The results that each call has had: a bit for success and one for every errno. Bits are only ever set, so that
 * threads need no lock.
 */
#include <kernel/atomic.h>
#include <kernel/log.h>
#include <kernel/outcomes.h>
#include <kernel/syscall.h>

#define CALLS 512
#define OUTCOMES (EHWPOISON + 1) /* 0 is success */
#define WORD_BITS 64

static uint64_t seen[CALLS][(OUTCOMES + WORD_BITS - 1) / WORD_BITS];
static bool paused;

void outcomes_add(uint64_t number, long result)
{
	unsigned outcome = result < 0 && result > -OUTCOMES ? (unsigned)-result : 0;

	if (number < CALLS && !atomic_load(&paused))
		atomic_fetch_or(&seen[number][outcome / WORD_BITS], UINT64_C(1) << outcome % WORD_BITS);
}

void outcomes_pause(bool pause)
{
	atomic_store(&paused, pause);
}

static void print(size_t number)
{
	log_printf("outcomes %s", syscall_table[number].name);
	for (int outcome = 0; outcome < OUTCOMES; outcome++)
		if (atomic_load(&seen[number][outcome / WORD_BITS]) >> outcome % WORD_BITS & 1)
			log_printf(" %s", outcome ? errno_name(outcome) ?: "?" : "ok");
	log_printf("\n");
}

void outcomes_print(void)
{
	for (size_t number = 0; number < syscall_table_size; number++)
		if (syscall_table[number].call)
			print(number);
}
