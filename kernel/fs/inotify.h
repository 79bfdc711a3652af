/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify's two halves: instances, which hold what was told until it is read (inotify.c), and the watches that inodes
 * have (notify.c). One spinlock guards all of it, so that an instance cannot go away while it is told something.
 */
#pragma once

#include <kernel/spinlock.h>
#include <kernel/wait.h>

#include "notify.h"

#define INOTIFY_INSTANCES_MAX 128  /* of a user */
#define INOTIFY_WATCHES_MAX 8192  /* of all instances of a user */
#define INOTIFY_EVENTS_MAX 16384  /* of an instance */

/* What there is to tell. */
struct notice {
	unsigned mask;
	uint32_t cookie;
	const char *name; /* need not end with a NUL */
	size_t name_len; /* 0: it is about what is watched itself */
	bool unlinked;  /* done to an open file that has lost its name */
};

/* One in the queue of an instance; its name is behind it, unless it is the instance's own. */
struct inotify_event {
	struct list node;
	int wd;
	struct notice notice;
};

struct inotify {
	struct list node; /* on the list of all */
	uint32_t uid;  /* whose limits count */
	struct list watches;
	unsigned watch_count;
	int last_wd;
	struct list events;  /* oldest first */
	unsigned event_count; /* atomic: read without the lock */
	unsigned bytes;   /* of their records */
	bool overflowed;  /* the event below is in the queue */
	struct inotify_event overflow;
	struct wait_queue readable;
};

struct watch {
	struct list inode_node, instance_node;
	struct inotify *instance;
	struct inode *inode; /* referenced: a watched file stays in memory, but not its name nor its mount */
	int wd;
	unsigned mask; /* events, IN_ONESHOT, IN_EXCL_UNLINK */
};

extern struct spinlock inotify_lock;
extern struct list inotify_instances;

/* inotify.c. One more event, or that there are too many. Lock. */
void inotify_queue(struct inotify *instance, int wd, const struct notice *notice);

/* notify.c. The number of the new or changed watch; -EEXIST (IN_MASK_CREATE), -ENOSPC, -ENOMEM. */
int watch_set(struct inotify *instance, struct dentry *dentry, unsigned mask);
/* -EINVAL: no such watch. */
int watch_remove(struct inotify *instance, int wd);
/* The instance goes away: ends its watches and takes it off the list. */
void watches_leave(struct inotify *instance);
