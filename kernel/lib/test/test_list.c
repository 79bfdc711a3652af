/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists: order, removal, and loops that survive it.
 */
#include <kernel/list.h>
#include <kernel/test.h>

struct item {
	int value;
	struct list node;
};

/* The values in order, as the digits of a number. */
static int digits(const struct list *head)
{
	int n = 0;

	list_foreach((struct list *)head, struct item, node, i)
		n = n * 10 + i->value;
	return n;
}

TEST(list_keeps_order)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list head = LIST_INIT(head);

	CHECK(list_empty(&head));
	list_append(&head, &b.node);
	list_append(&head, &c.node);
	list_push(&head, &a.node);
	CHECK_EQ(digits(&head), 123);
	CHECK(list_first(&head, struct item, node) == &a);
	CHECK(list_last(&head, struct item, node) == &c);
}

TEST(list_remove_leaves_the_node_on_no_list)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list head = LIST_INIT(head);

	list_append(&head, &a.node);
	list_append(&head, &b.node);
	list_append(&head, &c.node);
	list_remove(&b.node);
	CHECK_EQ(digits(&head), 13);
	CHECK(list_empty(&b.node));
	list_remove(&a.node);
	list_remove(&c.node);
	CHECK(list_empty(&head));
}

TEST(list_foreach_safe_survives_removal)
{
	struct item items[6];
	struct list head = LIST_INIT(head);

	for (int i = 0; i < 6; i++) {
		items[i].value = i + 1;
		list_append(&head, &items[i].node);
	}
	list_foreach_safe(&head, struct item, node, i) {
		if (i->value % 2)
			list_remove(&i->node);
	}
	CHECK_EQ(digits(&head), 246);
}
