/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The graph of lock classes: an edge leads from what was held to what was taken then. It never gets a circle, as the
 * edge that would close one is a panic.
 */
#include <kernel/lock_order.h>

#include <kernel/atomic.h>
#include <kernel/cpu.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/thread.h>

#define CLASSES 192 /* and class 0, which is not looked at */
#define WORDS (CLASSES / 64)

static struct lock_class *classes[CLASSES];
static struct lock_class static_classes[CLASSES];
static unsigned class_count = 1, static_count;

/* Bits of the classes that were taken under each. Set for good, so it is read without a lock. */
static uint64_t under[CLASSES][WORDS];
static uint32_t graph_locked;

static void graph_lock(void)
{
	while (atomic_exchange(&graph_locked, 1))
		arch_relax();
}

static void graph_unlock(void)
{
	atomic_store(&graph_locked, 0);
}

/* The kernel image holds it: it is neither in RAM that was allocated nor on a stack. */
static bool is_static(const void *lock)
{
	return !page_from_virt(lock) && (uintptr_t)lock - STACK_AREA_BASE >= STACK_AREA_SIZE;
}

static void number(struct lock_class *class)
{
	if (class->id)
		return;
	if (class_count == CLASSES)
		panic("there are more than %d classes of locks", CLASSES - 1);
	classes[class_count] = class;
	atomic_store(&class->id, class_count++);
}

/* It is called by its address, which a symboliser knows. */
static struct lock_class *new_static(const void *lock)
{
	static char names[CLASSES][24];
	struct lock_class *class = &static_classes[static_count];

	format(names[static_count], sizeof(names[0]), "%p", lock);
	*class = (struct lock_class){ .name = names[static_count++] };
	return class;
}

/* 0: a lock that nobody has initialised by name, in memory that was allocated. */
static unsigned class_of(const void *lock, struct lock_class **class)
{
	unsigned id = 0;

	if (likely(*class && atomic_load_relaxed(&(*class)->id)))
		return (*class)->id;
	if (!*class && !is_static(lock))
		return 0;
	graph_lock();
	if (!*class) {
		assert(static_count < CLASSES);
		*class = new_static(lock);
	}
	number(*class);
	id = (*class)->id;
	graph_unlock();
	return id;
}

static bool has_edge(unsigned from, unsigned to)
{
	return atomic_load_relaxed(&under[from][to / 64]) >> to % 64 & 1;
}

/* A search in the graph, which is locked. */
struct search {
	uint64_t seen[WORDS];
	char way[200]; /* what it found: names, the last first */
	size_t len;
};

static void note_way(struct search *search, unsigned class)
{
	char *end = search->way + search->len;
	size_t room = sizeof(search->way) - search->len;

	search->len += min(format(end, room, "%s%s", search->len ? " under " : "", classes[class]->name), room - 1);
}

static bool leads_to(unsigned from, unsigned to, struct search *search)
{
	bool found = has_edge(from, to);

	search->seen[from / 64] |= UINT64_C(1) << from % 64;
	if (found)
		note_way(search, to);
	for (unsigned next = 1; next < class_count && !found; next++)
		found = has_edge(from, next) && !(search->seen[next / 64] >> next % 64 & 1) &&
			leads_to(next, to, search);
	if (found)
		note_way(search, from);
	return found;
}

static void add_edge(unsigned from, unsigned to, const void *held, const void *lock)
{
	struct search search = { .len = 0 };
	bool circle;

	if (from == to || !from || has_edge(from, to))
		return;
	graph_lock();
	circle = leads_to(to, from, &search);
	if (!circle)
		atomic_fetch_or(&under[from][to / 64], UINT64_C(1) << to % 64);
	graph_unlock();
	if (circle)
		panic("lock order: %s (%p) is taken under %s (%p), but elsewhere %s", classes[to]->name, lock,
		      classes[from]->name, held, search.way);
}

static void check_under(const struct locks_held *held, const void *lock, unsigned class)
{
	for (unsigned i = 0; i < held->count; i++)
		add_edge(held->locks[i].class, class, held->locks[i].lock, lock);
}

void lock_order_check(const void *lock, struct lock_class **class)
{
	unsigned id = class_of(lock, class);
	unsigned long irq;

	if (!id || !thread_current())
		return;
	irq = arch_irq_save();
	check_under(&thread_current()->mutexes_held, lock, id);
	check_under(&arch_cpu()->spinlocks_held, lock, id);
	arch_irq_restore(irq);
}

void lock_order_taken(struct locks_held *held, const void *lock, struct lock_class *const *class)
{
	if (held->count == LOCKS_HELD_MAX)
		panic("more than %d locks are held at once", LOCKS_HELD_MAX);
	held->locks[held->count].lock = lock;
	held->locks[held->count++].class = *class ? (*class)->id : 0;
}

/* What was held through a crash that a test caught is not on the list. */
void lock_order_released(struct locks_held *held, const void *lock)
{
	for (unsigned i = held->count; i-- > 0;) {
		if (held->locks[i].lock != lock)
			continue;
		held->count--;
		for (; i < held->count; i++)
			held->locks[i] = held->locks[i + 1];
		return;
	}
}

struct locks_mark lock_order_mark(void)
{
	unsigned long irq = arch_irq_save();
	struct locks_mark mark = { thread_current()->mutexes_held.count, arch_cpu()->spinlocks_held.count };

	arch_irq_restore(irq);
	return mark;
}

void lock_order_forget(const struct locks_mark *mark)
{
	thread_current()->mutexes_held.count = mark->mutexes;
	arch_cpu()->spinlocks_held.count = mark->spinlocks;
}
