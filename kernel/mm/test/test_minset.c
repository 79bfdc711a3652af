/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets with a quick minimum: against a plain array of flags.
 */
#include <kernel/string.h>
#include "../minset.h"
#include "mm_test.h"

#define LIMIT 5000

static uint64_t memory[2 * LIMIT / 64 + 8];
static bool model[LIMIT];

static size_t model_next(size_t from, size_t end)
{
	while (from < end && !model[from])
		from++;
	return from < end ? from : MINSET_NONE;
}

TEST(minset_agrees_with_an_array)
{
	struct minset set;
	uint64_t random = 7;

	CHECK(minset_bytes(LIMIT) <= sizeof(memory));
	memset(memory, 0, sizeof(memory));
	memset(model, 0, sizeof(model));
	minset_init(&set, LIMIT, memory);
	CHECK_EQ(minset_first(&set), MINSET_NONE);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t r = test_random(&random);
		size_t member = (r >> 8) % LIMIT, from = (r >> 32) % LIMIT, any;

		/* Mostly removals, so that whole words and levels become empty again. */
		model[member] = r % 3 == 0;
		if (model[member])
			minset_add(&set, member);
		else
			minset_remove(&set, member);
		any = minset_any(&set, r);
		CHECK(any == MINSET_NONE ? minset_first(&set) == MINSET_NONE : minset_has(&set, any));
		CHECK_EQ(minset_has(&set, member), model[member]);
		CHECK_EQ(minset_first(&set), model_next(0, LIMIT));
		CHECK_EQ(minset_next(&set, from, SIZE_MAX), model_next(from, LIMIT));
		CHECK_EQ(minset_next(&set, from, from + r % 200), model_next(from, min(from + r % 200, (size_t)LIMIT)));
	}
}

TEST(minset_any_is_chosen_by_chance)
{
	struct minset set;

	memset(memory, 0, sizeof(memory));
	minset_init(&set, LIMIT, memory);
	for (size_t member = 0; member < LIMIT; member++)
		minset_add(&set, member);
	CHECK_EQ(minset_any(&set, 0), 0);
	/* Of words in words the second, the third, the fourth; one that is not there is the next. */
	CHECK_EQ(minset_any(&set, 1 | 2 << 6 | 3 << 12), (1 * 64 + 2) * 64 + 3);
	CHECK_EQ(minset_any(&set, 7), 0);
}

TEST(minset_of_one_member)
{
	struct minset set;
	uint64_t word = 0;

	CHECK_EQ(minset_bytes(1), 8);
	minset_init(&set, 1, &word);
	minset_add(&set, 0);
	CHECK_EQ(minset_first(&set), 0);
	CHECK(!minset_has(&set, 1));
	minset_remove(&set, 0);
	CHECK_EQ(minset_first(&set), MINSET_NONE);
}
