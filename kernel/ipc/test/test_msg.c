/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Message queues. Other threads of the same process wait.
 */
#include "ipc_test.h"

#include <kernel/abi/time.h>
#include <kernel/signal.h>

#define KEY 88
#define OUT 2048 /* offsets in SYSTEST_MEM */
#define IN 4096
#define STATE 512

static int make_queue(int key, unsigned mode)
{
	return (int)sys(SYS_msgget, (uint64_t)key, IPC_CREAT | mode);
}

static user_ptr_t put_message(int64_t type, const char *text)
{
	systest_value(OUT, &type);
	systest_string(OUT + sizeof(type), text);
	return SYSTEST_MEM + OUT;
}

static long send(int id, int64_t type, const char *text)
{
	return sys(SYS_msgsnd, (uint64_t)id, put_message(type, text), strlen(text), IPC_NOWAIT);
}

static long receive(int id, size_t size, int64_t type, int flags)
{
	return sys(SYS_msgrcv, (uint64_t)id, SYSTEST_MEM + IN, size, (uint64_t)type, (unsigned)flags | IPC_NOWAIT);
}

/* True when the message of that kind that comes next is this one. */
static bool receives(int id, int64_t type, int flags, int64_t got, const char *text)
{
	return receive(id, 64, type, flags) == (long)strlen(text) && systest_equal(SYSTEST_MEM + IN, &got, 8) &&
	       systest_equal(SYSTEST_MEM + IN + 8, text, strlen(text));
}

static struct abi_msqid_ds state_of(int id)
{
	struct abi_msqid_ds state = { .qnum = 0 };

	if (!sys(SYS_msgctl, (uint64_t)id, IPC_STAT, SYSTEST_MEM + STATE))
		systest_read(SYSTEST_MEM + STATE, &state);
	return state;
}

static void limit(int id, uint64_t bytes)
{
	struct abi_msqid_ds state = state_of(id);

	state.qbytes = bytes;
	if (sys(SYS_msgctl, (uint64_t)id, IPC_SET, systest_value(STATE, &state)))
		test_fail(__FILE__, __LINE__, "no other limit");
}

SYSTEST(msgget_makes_and_finds)
{
	int id = make_queue(KEY, 0600);

	CHECK_EQ(sys(SYS_msgget, KEY, 0), id);
	CHECK(make_queue(IPC_PRIVATE, 0600) != id);
	CHECK_ERR(sys(SYS_msgget, KEY, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_ERR(sys(SYS_msgget, KEY + 1, 0), ENOENT);
	CHECK_EQ(sys(SYS_msgctl, id, IPC_RMID), 0);
	CHECK_ERR(sys(SYS_msgctl, id, IPC_RMID), EINVAL);
	CHECK_ERR(sys(SYS_msgget, KEY, 0), ENOENT);
}

SYSTEST(msgget_ends_with_the_room)
{
	long result = 0;

	for (int i = 0; i < 200 && result >= 0; i++)
		result = sys(SYS_msgget, IPC_PRIVATE, 0);
	CHECK_ERR(result, ENOSPC);
}

SYSTEST(messages_come_by_type)
{
	int id = make_queue(IPC_PRIVATE, 0600);

	CHECK_EQ(send(id, 3, "three"), 0);
	CHECK_EQ(send(id, 2, "two"), 0);
	CHECK_EQ(send(id, 1, "one"), 0);
	CHECK_EQ(send(id, 2, "two again"), 0);
	CHECK_EQ(send(id, INT64_MAX, ""), 0);
	CHECK_EQ(state_of(id).qnum, 5);
	CHECK_EQ(state_of(id).cbytes, 20);
	CHECK(receives(id, 2, 0, 2, "two"));
	CHECK(receives(id, 0, 0, 3, "three"));
	CHECK(receives(id, -2, 0, 1, "one"));
	CHECK(receives(id, 1, MSG_EXCEPT, 2, "two again"));
	CHECK_ERR(receive(id, 64, INT64_MAX, MSG_EXCEPT), ENOMSG);
	CHECK_ERR(receive(id, 64, -77, 0), ENOMSG);
	CHECK(receives(id, INT64_MIN, 0, INT64_MAX, ""));
	CHECK_ERR(receive(id, 64, 0, 0), ENOMSG);
	CHECK(state_of(id).lspid == process_current()->pid && state_of(id).lrpid == process_current()->pid);
	CHECK(state_of(id).stime && state_of(id).rtime && state_of(id).ctime);
}

SYSTEST(long_messages_are_refused_or_cut)
{
	int id = make_queue(IPC_PRIVATE, 0600);

	CHECK_EQ(send(id, 1, "0123456789"), 0);
	CHECK_ERR(receive(id, 9, 0, 0), E2BIG);
	CHECK_EQ(state_of(id).qnum, 1);
	CHECK_EQ(receive(id, 4, 0, MSG_NOERROR), 4);
	CHECK_MEM(SYSTEST_MEM + IN + 8, "0123\0", 5);
	CHECK_EQ(state_of(id).cbytes, 0);
}

SYSTEST(queues_hold_so_many_bytes)
{
	int id = make_queue(IPC_PRIVATE, 0600);

	put_message(1, "");
	CHECK_EQ(sys(SYS_msgsnd, id, SYSTEST_MEM + OUT, 8192, IPC_NOWAIT), 0);
	CHECK_EQ(sys(SYS_msgsnd, id, SYSTEST_MEM + OUT, 8192, IPC_NOWAIT), 0);
	CHECK_ERR(send(id, 1, "x"), EAGAIN);
	CHECK_EQ(send(id, 1, ""), 0);
	CHECK_EQ(receive(id, 8192, 0, 0), 8192);
	CHECK_EQ(send(id, 1, "x"), 0);
	/* Empty messages are counted, too; and a queue may be fuller than a new limit allows. */
	limit(id, 2);
	CHECK_ERR(send(id, 1, ""), EAGAIN);
}

SYSTEST(message_errors)
{
	int id = make_queue(IPC_PRIVATE, 0600);

	CHECK_ERR(send(id, 0, "x"), EINVAL);
	CHECK_ERR(send(-1, 1, "x"), EINVAL);
	CHECK_ERR(send(id + 1, 1, "x"), EINVAL);
	CHECK_ERR(sys(SYS_msgsnd, id, put_message(1, ""), 8193, 0), EINVAL);
	CHECK_ERR(sys(SYS_msgsnd, id, SYSTEST_BAD, 1, 0), EFAULT);
	CHECK_ERR(sys(SYS_msgsnd, id, systest_put(SYSTEST_MEM_SIZE - 8, &(int64_t){ 1 }, 8), 1, 0), EFAULT);
	CHECK_ERR(receive(-1, 1, 0, 0), EINVAL);
	CHECK_ERR(receive(id, SIZE_MAX, 0, 0), EINVAL);
	CHECK_ERR(receive(id, 64, 0, MSG_COPY), ENOSYS);
	CHECK_ERR(receive(id, 64, 0, MSG_COPY | MSG_EXCEPT), EINVAL);
	CHECK_EQ(send(id, 1, "lost"), 0);
	CHECK_ERR(sys(SYS_msgrcv, id, SYSTEST_BAD, 64, 0, 0), EFAULT);
	CHECK_ERR(receive(id, 64, 0, 0), ENOMSG);
	CHECK_ERR(sys(SYS_msgctl, -1, IPC_RMID), EINVAL);
	CHECK_ERR(sys(SYS_msgctl, id, 99), EINVAL);
	CHECK_ERR(sys(SYS_msgctl, id, IPC_STAT, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_msgctl, id, IPC_SET, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_msgctl, id, IPC_INFO, SYSTEST_BAD), EFAULT);
	CHECK_ERR(sys(SYS_msgctl, id + 1, IPC_SET, SYSTEST_MEM), EINVAL);
	CHECK_ERR(sys(SYS_msgctl, 9, MSG_STAT, SYSTEST_MEM), EINVAL);
}

SYSTEST(msgctl_tells_limits_and_usage)
{
	int id = make_queue(IPC_PRIVATE, 0600);
	struct abi_msginfo info;

	CHECK_EQ(sys(SYS_msgctl, 0, IPC_INFO, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &info);
	CHECK(info.max == 8192 && info.mnb == 16384 && info.mni == 128);
	CHECK_EQ(send(id, 1, "four"), 0);
	CHECK_EQ(sys(SYS_msgctl, 0, MSG_INFO, SYSTEST_MEM), 0);
	systest_read(SYSTEST_MEM, &info);
	CHECK(info.pool == 1 && info.map == 1 && info.tql == 4);
	CHECK_EQ(sys(SYS_msgctl, 0, MSG_STAT, SYSTEST_MEM), id);
	CHECK_EQ(sys(SYS_msgctl, 0, MSG_STAT_ANY, SYSTEST_MEM), id);
}

SYSTEST(queues_are_closed_to_others)
{
	struct abi_msqid_ds state;
	int closed = make_queue(KEY, 0600), mine;

	CHECK_EQ(send(closed, 1, "secret"), 0);
	systest_become(1000);
	CHECK_ERR(sys(SYS_msgget, KEY, 0600), EACCES);
	CHECK_ERR(send(closed, 1, "x"), EACCES);
	CHECK_ERR(receive(closed, 64, 0, 0), EACCES);
	CHECK_ERR(sys(SYS_msgctl, closed, IPC_STAT, SYSTEST_MEM), EACCES);
	CHECK_EQ(sys(SYS_msgctl, 0, MSG_STAT_ANY, SYSTEST_MEM), closed);
	CHECK_ERR(sys(SYS_msgctl, closed, IPC_RMID), EPERM);
	mine = make_queue(IPC_PRIVATE, 0600);
	state = state_of(mine);
	CHECK_EQ(sys(SYS_msgctl, mine, IPC_SET, systest_value(STATE, &state)), 0);
	state.qbytes = 16385;
	CHECK_ERR(sys(SYS_msgctl, mine, IPC_SET, systest_value(STATE, &state)), EPERM);
	state.qbytes = 16384;
	state.perm.gid = UINT32_MAX;
	CHECK_ERR(sys(SYS_msgctl, mine, IPC_SET, systest_value(STATE, &state)), EINVAL);
	CHECK_EQ(sys(SYS_msgctl, mine, IPC_RMID), 0);
}

/* ---- waiting ---- */

static bool begin_receive(struct ipc_test_call *call, int id, int slot, size_t size, int64_t type)
{
	return ipc_test_begin(call, SYS_msgrcv, (uint64_t)id, SYSTEST_MEM + IN + (unsigned)slot * 64, size,
			      (uint64_t)type, 0);
}

SYSTEST(receivers_get_what_they_wait_for)
{
	struct ipc_test_call two, small;
	int id = make_queue(IPC_PRIVATE, 0600);

	if (!begin_receive(&two, id, 0, 64, 2))
		return;
	if (begin_receive(&small, id, 1, 1, 0)) {
		ipc_test_let_sleep(&two);
		ipc_test_let_sleep(&small);
		CHECK_EQ(send(id, 1, "too long"), 0);
		CHECK_ERR(ipc_test_finish(&small), E2BIG);
		CHECK_EQ(state_of(id).qnum, 1);
		CHECK_EQ(send(id, 2, "right"), 0);
	}
	CHECK_EQ(ipc_test_finish(&two), 5);
	CHECK_MEM(SYSTEST_MEM + IN + 8, "right", 5);
	CHECK_EQ(state_of(id).qnum, 1);
}

SYSTEST(senders_wait_for_room)
{
	struct ipc_test_call call;
	int id = make_queue(IPC_PRIVATE, 0600);

	limit(id, 4);
	CHECK_EQ(send(id, 1, "old"), 0);
	if (!ipc_test_begin(&call, SYS_msgsnd, (uint64_t)id, put_message(1, "new"), 3, 0))
		return;
	ipc_test_let_sleep(&call);
	CHECK_EQ(state_of(id).qnum, 1);
	CHECK(receives(id, 0, 0, 1, "old"));
	CHECK_EQ(ipc_test_finish(&call), 0);
	if (!ipc_test_begin(&call, SYS_msgsnd, (uint64_t)id, put_message(1, "more"), 4, 0))
		return;
	ipc_test_let_sleep(&call);
	limit(id, 8);
	CHECK_EQ(ipc_test_finish(&call), 0);
	CHECK(receives(id, 0, 0, 1, "new"));
	CHECK(receives(id, 0, 0, 1, "more"));
}

SYSTEST(message_sleepers_learn_of_the_removal)
{
	struct ipc_test_call sender, receiver;
	int id = make_queue(IPC_PRIVATE, 0600);

	limit(id, 1);
	if (!ipc_test_begin(&sender, SYS_msgsnd, (uint64_t)id, put_message(1, "long"), 4, 0))
		return;
	if (begin_receive(&receiver, id, 0, 64, 2)) {
		ipc_test_let_sleep(&sender);
		ipc_test_let_sleep(&receiver);
		CHECK_EQ(sys(SYS_msgctl, id, IPC_RMID), 0);
		CHECK_ERR(ipc_test_finish(&receiver), EIDRM);
	}
	CHECK_ERR(ipc_test_finish(&sender), EIDRM);
}

SYSTEST(message_sleepers_are_interrupted)
{
	int id = make_queue(IPC_PRIVATE, 0600);

	limit(id, 1);
	put_message(1, "long");
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_msgsnd, id, SYSTEST_MEM + OUT, 4, 0), EINTR);
	signal_deliver(NULL);
	systest_interrupt_soon();
	CHECK_ERR(sys(SYS_msgrcv, id, SYSTEST_MEM + IN, 64, 0, 0), EINTR);
	signal_deliver(NULL);
}

SYSTEST(messages_need_memory)
{
	int id = make_queue(IPC_PRIVATE, 0600);
	long made, sent;

	put_message(1, "");
	systest_starve();
	made = sys(SYS_msgget, IPC_PRIVATE, 0);
	sent = sys(SYS_msgsnd, id, SYSTEST_MEM + OUT, 8192, 0);
	systest_feed();
	CHECK_ERR(made, ENOMEM);
	CHECK_ERR(sent, ENOMEM);
}
