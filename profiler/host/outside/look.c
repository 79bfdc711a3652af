/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking at a machine's CPUs. See look.h.
 */
#include "look.h"

#include <math.h>

#define NSEC UINT64_C(1000000000)

#define MEAN_OF 8	/* distances */

/* (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014, figure 17) */
static uint64_t draw(struct look *look)
{
	uint64_t z = look->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/*
 * Samples at even distances could keep step with what a program does in slices of time, and with a scheduler that has
 * both of us on one CPU: then they would always see the same of it. And where the machine's clock goes on, its slice
 * is over when it was stopped, so all distances that have a least one find it in the next but seldom in the same.
 * Distances without a memory see each thing as often as it is there, whatever it does when it was seen. (Wolff,
 * Poisson Arrivals See Time Averages, 1982)
 */
static void draw_next(struct look *look)
{
	double part = ((double)(draw(look) >> 12) + 1) * 0x1p-52;

	look->next_ns = look->ran_ns + (uint64_t)(-log(part) * (double)look->period_ns);
}

/*
 * What a sample stands for is the time since the one before it, but where the machine notices: then what it does a long
 * time after a sample is not what it does at any time, and its own distance must not say what it stands for. A mean of
 * the last ones does, which follows how much of its time the machine gets.
 */
static uint64_t value_of(struct look *look)
{
	uint64_t distance = look->ran_ns - look->last_ns;

	if (!look->is_noticed)
		return distance;
	if (look->distances < MEAN_OF)
		look->distances++;
	look->mean_ns += ((int64_t)distance - look->mean_ns) / (int64_t)look->distances;
	return (uint64_t)look->mean_ns;
}

int look_begin(struct look *look, int stream_fd, unsigned hz, size_t stack_max, char *error)
{
	look->known = guest_known_new();
	look->period_ns = NSEC / hz;
	look->random = 1;
	draw_next(look);
	look->guest.stack_max = stack_max & ~(size_t)7;
	look->tells_samples = true;
	return outside_stream_begin(&look->stream, stream_fd, &look->guest.layout, hz, error);
}

static void look_at_cpu(struct look *l, const struct gdb_cpu *cpu, uint64_t value_ns)
{
	struct guest_thread thread;
	struct outside_at at = { .time_ns = l->ran_ns };
	size_t size;

	if (!cpu->registers[GDB_GS_BASE])
		return;
	guest_memory_use(&l->guest.memory, cpu->registers[GDB_CR3]);
	if (!guest_thread_find(&l->guest, cpu, &thread))
		return;
	if (!l->guest.is_placed) {
		guest_place(&l->guest);
		outside_stream_place(&l->stream, &l->guest.layout);
	}
	at.cpu = thread.cpu_id;
	at.thread = thread.id;
	if (l->cpus <= at.cpu)
		l->cpus = at.cpu + 1;
	size = guest_chain_make(&l->guest, cpu, &thread, &l->chain);
	guest_known_tell(l->known, &l->guest, &l->stream, &at, &thread, l->chain.words + l->chain.kernel_count,
			 l->chain.user_count);
	if (l->tells_samples)
		outside_stream_sample(&l->stream, &at, value_ns, &l->chain, size);
}

void look_at(struct look *look, const struct gdb_cpu *cpus, unsigned count)
{
	uint64_t value_ns = value_of(look);

	for (unsigned i = 0; i < count; i++)
		look_at_cpu(look, &cpus[i], value_ns);
	look->last_ns = look->ran_ns;
	draw_next(look);
}

int look_end(struct look *look, bool is_forward)
{
	int err = outside_stream_end(&look->stream, look->cpus, is_forward);

	if (look->known)
		guest_known_free(look->known);
	look->known = NULL;
	return err;
}
