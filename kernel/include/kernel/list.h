/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intrusive doubly linked lists. A list head is a node that belongs to no element.
 */
#pragma once

#include <kernel/compiler.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

/* Adds at the front. */
static inline void list_push(struct list *head, struct list *node)
{
	list_insert_between(node, head, head->next);
}

/* Adds at the back. */
static inline void list_append(struct list *head, struct list *node)
{
	list_insert_between(node, head->prev, head);
}

/* Leaves the node pointing at itself, so that list_empty(node) tells that it is on no list. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member) list_entry((head)->prev, type, member)

#define list_foreach(head, type, member, var)                                                                          \
	for (type *var = list_entry((head)->next, type, member); &var->member != (head);                               \
	     var = list_entry(var->member.next, type, member))

/* The current element may be removed or freed inside the loop. */
#define list_foreach_safe(head, type, member, var)                                                                     \
	for (type *var = list_entry((head)->next, type, member),                                                       \
		  *var##_next = list_entry(var->member.next, type, member);                                            \
	     &var->member != (head); var = var##_next, var##_next = list_entry(var##_next->member.next, type, member))
