/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AFL++'s hooks (custom mutators, 4.04c): a shared object that afl-fuzz loads. SAKI_HARNESS names the harness
 * ("syscall" when it does not), SAKI_COMPARES the kernel's comparisons. Trimming takes calls away, from the last to the
 * first.
 */
#include <fuzz/host/mutate_internal.h>
#include <stdlib.h>
#include <string.h>

struct afl; /* its own state, not looked at */

void *afl_custom_init(struct afl *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *add, size_t add_size,
		       size_t max_size);
const char *afl_custom_describe(void *data, size_t max_len);
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t size);
size_t afl_custom_trim(void *data, uint8_t **out);
int32_t afl_custom_post_trim(void *data, uint8_t success);
void afl_custom_deinit(void *data);

struct custom {
	struct mutator *mutator;
	uint64_t seed;
	size_t best_size;  /* trimming: the shortest form that does the same */
	unsigned steps, left;  /* calls to try, not yet tried */
	size_t trial_size;
	uint8_t out[CHANNEL_INPUT_MAX], best[CHANNEL_INPUT_MAX], trial[CHANNEL_INPUT_MAX];
};

void *afl_custom_init(struct afl *afl, unsigned seed)
{
	const char *harness = getenv("SAKI_HARNESS");
	struct custom *custom = calloc(1, sizeof(*custom));

	(void)afl;
	if (!custom)
		return NULL;
	custom->seed = (uint64_t)seed << 32;
	custom->mutator = mutator_open_harness(harness && *harness ? harness : "syscall");
	if (!custom->mutator) {
		free(custom);
		return NULL;
	}
	return custom;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *add, size_t add_size,
		       size_t max_size)
{
	struct custom *custom = data;
	uint64_t seed = custom->seed++;

	if (max_size > sizeof(custom->out))
		max_size = sizeof(custom->out);
	*out = custom->out;
	if (add && add_size && seed % 8 == 0) {
		size_t mixed = mutate_cross(custom->mutator, buf, size, add, add_size, custom->out, max_size, seed);

		if (mixed)
			return mixed;
	}
	return mutate(custom->mutator, buf, size, custom->out, max_size, seed);
}

const char *afl_custom_describe(void *data, size_t max_len)
{
	const struct custom *custom = data;
	const char *text = mutate_describe(custom->mutator);

	return strlen(text) <= max_len ? text : "saki";
}

/* How many steps the trimming takes at most. */
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t size)
{
	struct custom *custom = data;

	if (custom->mutator->kind != MUTATE_PROGRAM || size > sizeof(custom->best))
		return 0;
	memcpy(custom->best, buf, size);
	custom->best_size = size;
	custom->steps = custom->left = mutate_count_calls(custom->mutator, buf, size);
	return (int32_t)custom->steps;
}

size_t afl_custom_trim(void *data, uint8_t **out)
{
	struct custom *custom = data;

	custom->left--;
	custom->trial_size = mutate_without_call(custom->mutator, custom->best, custom->best_size, custom->left,
						 custom->trial, sizeof(custom->trial));
	*out = custom->trial_size ? custom->trial : custom->best;
	return custom->trial_size ? custom->trial_size : custom->best_size;
}

int32_t afl_custom_post_trim(void *data, uint8_t success)
{
	struct custom *custom = data;

	if (success && custom->trial_size) {
		memcpy(custom->best, custom->trial, custom->trial_size);
		custom->best_size = custom->trial_size;
	}
	return (int32_t)(custom->steps - custom->left);
}

void afl_custom_deinit(void *data)
{
	struct custom *custom = data;

	mutator_close(custom->mutator);
	free(custom);
}
