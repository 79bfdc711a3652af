/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * select and pselect6: sets of descriptors as bits. A descriptor that is not open is an error here.
 */
#include <kernel/fd.h>
#include <kernel/heap.h>
#include <kernel/signal.h>
#include <kernel/string.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "deadline.h"

#define SETS 3

/* The three sets, each of words words: asked for, then found. */
struct selecting {
	unsigned count, words;
	uint64_t *asked[SETS];
	struct file **files;
};

/* What makes a descriptor ready for each set. */
static const unsigned set_events[SETS] = {
	POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR,
	POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR,
	POLLPRI,
};

static bool bit(const uint64_t *set, unsigned i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* The sets in which descriptor i is ready now, as bits. */
static unsigned look_at(const struct selecting *s, unsigned i, struct poll_table *table)
{
	unsigned events, ready = 0;

	if (!s->files[i])
		return 0;
	events = file_poll(s->files[i], table);
	for (int set = 0; set < SETS; set++)
		if (bit(s->asked[set], i) && (events & set_events[set]))
			ready |= 1u << set;
	return ready;
}

static bool any_ready(void *arg)
{
	const struct selecting *s = arg;

	for (unsigned i = 0; i < s->count; i++)
		if (look_at(s, i, NULL))
			return true;
	return false;
}

/* Whether anything is ready, joining the queues up to there. */
static bool join_all(const struct selecting *s, struct poll_table *table)
{
	for (unsigned i = 0; i < s->count; i++)
		if (look_at(s, i, table))
			return true;
	return false;
}

/* Turns what was asked for into what is ready. */
static int keep_ready(struct selecting *s)
{
	int count = 0;

	for (unsigned i = 0; i < s->count; i++) {
		unsigned ready = look_at(s, i, NULL);

		for (int set = 0; set < SETS; set++) {
			if (ready >> set & 1)
				count++;
			else
				s->asked[set][i / 64] &= ~(UINT64_C(1) << (i % 64));
		}
	}
	return count;
}

static int select_files(struct selecting *s, uint64_t deadline_ns)
{
	struct poll_waiter waiter;
	int ready, err = 0;

	poll_waiter_begin(&waiter);
	if (!join_all(s, &waiter.table))
		err = poll_waiter_sleep(&waiter, any_ready, s, deadline_ns);
	poll_waiter_end(&waiter);
	if (err && err != -ETIMEDOUT && !any_ready(s))
		return err;
	ready = keep_ready(s);
	return ready;
}

static int get_files(struct selecting *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (!bit(s->asked[0], i) && !bit(s->asked[1], i) && !bit(s->asked[2], i))
			continue;
		s->files[i] = fd_get((int)i);
		if (!s->files[i])
			return -EBADF;
	}
	return 0;
}

static void put_files(struct selecting *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->files[i])
			file_put(s->files[i]);
}

static int copy_sets_in(struct selecting *s, const user_ptr_t from[SETS])
{
	int err = 0;

	for (int set = 0; set < SETS && !err; set++)
		if (from[set])
			err = user_copy_in(s->asked[set], from[set], s->words * sizeof(uint64_t));
	return err;
}

static int copy_sets_out(const struct selecting *s, const user_ptr_t to[SETS])
{
	int err = 0;

	for (int set = 0; set < SETS && !err; set++)
		if (to[set])
			err = user_copy_out(to[set], s->asked[set], s->words * sizeof(uint64_t));
	return err;
}

static int select_user(struct selecting *s, const user_ptr_t sets[SETS], uint64_t deadline_ns)
{
	int ready = copy_sets_in(s, sets), err;

	if (ready)
		return ready;
	ready = get_files(s);
	if (!ready)
		ready = select_files(s, deadline_ns);
	put_files(s);
	if (ready < 0)
		return ready;
	err = copy_sets_out(s, sets);
	return err ? err : ready;
}

static long select_fds(int count, const user_ptr_t sets[SETS], uint64_t deadline_ns)
{
	struct selecting s;
	uint64_t *memory;
	long ready;

	if (count < 0)
		return -EINVAL;
	s.count = min((unsigned)count, fd_table_size());
	s.words = (s.count + 63) / 64;
	memory = heap_array(SETS * s.words + s.count, sizeof(uint64_t));
	if (!memory)
		return -ENOMEM;
	for (int set = 0; set < SETS; set++)
		s.asked[set] = memory + (unsigned)set * s.words;
	s.files = (struct file **)(memory + SETS * s.words);
	ready = select_user(&s, sets, deadline_ns);
	heap_free(memory);
	return ready;
}

SYSCALL(select, int nfds, user_ptr_t in, user_ptr_t out, user_ptr_t ex, user_ptr_t timeout)
{
	const user_ptr_t sets[SETS] = { in, out, ex };
	uint64_t deadline_ns;
	long ready = deadline_from_timeval(timeout, &deadline_ns);

	if (ready)
		return ready;
	ready = select_fds(nfds, sets, deadline_ns);
	if (timeout)
		deadline_to_timeval(timeout, deadline_ns);
	return ready;
}

SYSCALL(pselect6, int nfds, user_ptr_t in, user_ptr_t out, user_ptr_t ex, user_ptr_t timeout, user_ptr_t mask)
{
	const user_ptr_t sets[SETS] = { in, out, ex };
	uint64_t borrowed[2] = { 0, 0 }; /* pointer to the mask, and its size */
	uint64_t deadline_ns;
	long ready = 0;

	if (mask)
		ready = user_read(&borrowed, mask);
	if (!ready)
		ready = deadline_from_timespec(timeout, &deadline_ns);
	if (!ready)
		ready = signal_mask_borrow(borrowed[0], borrowed[1]);
	if (ready)
		return ready;
	ready = select_fds(nfds, sets, deadline_ns);
	if (timeout)
		deadline_to_timespec(timeout, deadline_ns);
	return ready;
}
