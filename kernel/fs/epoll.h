/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll, inside: the interest list, and the ready list that the watched files' wake-ups fill.
 *
 * Locks: one mutex, epoll_mutex, guards all interest lists and the files' lists of watchers (epoll_ctl, collecting
 * events, files going away). Each epoll's spinlock guards its ready list; it is taken in wake-ups, and while poll
 * operations are asked, but never while waking anybody.
 */
#pragma once

#include <kernel/abi/poll.h>
#include <kernel/mutex.h>
#include <kernel/spinlock.h>
#include <kernel/vfs.h>

#define EPOLL_NESTS_MAX 4
#define EPOLL_ITEM_QUEUES 3 /* no file has more wait queues */

struct epoll {
	struct file *file;  /* the epoll's own open file; not referenced */
	struct list items;
	struct spinlock lock;  /* guards ready */
	struct list ready;
	struct wait_queue waiters; /* epoll_wait */
	struct wait_queue watchers; /* polls of the epoll itself */
};

struct epoll_item;

/* One queue of the watched file. */
struct epoll_entry {
	struct wait_entry wait;
	struct epoll_item *item;
	unsigned events;  /* what a wake-up can mean */
};

struct epoll_item {
	struct list epoll_node;  /* on epoll->items */
	struct list file_node;  /* on file->epoll_items */
	struct list ready_node;  /* on epoll->ready, or alone; under epoll->lock */
	struct epoll *epoll;
	struct file *file;  /* not referenced: it takes the item along when it goes */
	int fd;    /* under which number it was added */
	uint32_t events;  /* wanted, with EPOLL* flags; read by wake-ups */
	uint64_t data;
	unsigned entry_count;
	struct epoll_entry entries[EPOLL_ITEM_QUEUES];
};

extern struct mutex epoll_mutex;

/* NULL when the file is no epoll. */
struct epoll *epoll_of(struct file *file);
int epoll_create_file(unsigned flags);
/* One epoll_ctl operation; its arguments are checked as far as they do not depend on what is watched already. */
int epoll_control(struct epoll *epoll, int op, int fd, struct file *target, const struct abi_epoll_event *event);
/* Moves up to max events to the program. Their number, or -EFAULT when not even one could be. */
int epoll_collect(struct epoll *epoll, user_ptr_t to, int max);
/* A wait condition: something is ready. arg: the epoll. */
bool epoll_is_ready(void *arg);
