/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket calls of the harness "net": see net_calls.h. Results are told to the runner, with what was received.
 */
#include "net_calls.h"

#include "net_peer.h"

#include <kernel/aspace.h>
#include <kernel/errno.h>
#include <kernel/harness.h>
#include <kernel/harness_profile.h>
#include <kernel/process.h>
#include <kernel/snapshot.h>
#include <kernel/socket.h>
#include <kernel/string.h>
#include <kernel/syscall.h>

#define ARENA UINT64_C(0x20000000)
#define ARENA_SIZE (24 * PAGE_SIZE)
#define ADDRESS ARENA			/* of a socket */
#define LENGTH (ARENA + 256)
#define VALUE (ARENA + 512)
#define DATA (ARENA + PAGE_SIZE)	/* of 16 KiB, to send */
#define ROOM (ARENA + 8 * PAGE_SIZE)	/* of 16 KiB, to receive */
#define DATA_SIZE (16 * KIB)
#define SLOTS 16
#define LOOK_AT 512			/* bytes of what was received */

#define SOCK_NONBLOCK_FLAG 04000
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_FIXED_ANONYMOUS 0x32

static struct process *process;
static struct aspace *arena_space;
static int slots[SLOTS];

static long call(unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	uint64_t args[6] = { a, b, c, d, e, f };
	long result;

	harness_phase_call(number);
	result = syscall_dispatch(number, args);
	harness_phase_enter(PHASE_CALLS);
	return result;
}

static void put_u32(uint64_t at, uint32_t value)
{
	int err = user_copy_out(at, &value, sizeof(value));

	(void)err;
}

/* An address of a socket; its length. NULL: the unspecified one. */
static uint64_t put_address(bool v6, const uint8_t *address, uint16_t port)
{
	uint8_t bytes[28] = { v6 ? AF_INET6 : AF_INET };
	unsigned len = v6 ? 28 : 16;
	int err;

	peer_put(bytes + 2, port, 2);
	if (address)
		memcpy(bytes + (v6 ? 8 : 4), address, v6 ? 16 : 4);
	err = user_copy_out(ADDRESS, bytes, len);
	return err ? 0 : len;
}

static void keep(unsigned slot, long fd)
{
	if (fd < 0)
		return;
	if (slots[slot] >= 0)
		call(SYS_close, (uint64_t)slots[slot], 0, 0, 0, 0, 0);
	slots[slot] = (int)fd;
}

static long make_socket(bool v6, bool stream)
{
	return call(SYS_socket, v6 ? AF_INET6 : AF_INET, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK_FLAG, 0, 0,
		    0, 0);
}

/* ---- setup ---- */

static int make_fixture(unsigned slot, bool v6, bool stream, uint16_t port, int backlog)
{
	long fd = make_socket(v6, stream), err;

	if (fd < 0)
		return (int)fd;
	slots[slot] = (int)fd;
	err = call(SYS_bind, (uint64_t)fd, ADDRESS, put_address(v6, NULL, port), 0, 0, 0);
	if (!err && stream)
		err = call(SYS_listen, (uint64_t)fd, (uint64_t)backlog, 0, 0, 0, 0);
	return (int)err;
}

/* Pages are made before the snapshot, so that an input changes no page tables. */
static int touch_arena(void)
{
	phys_t phys;
	int err = 0;

	for (uint64_t page = ARENA; !err && page < ARENA + ARENA_SIZE; page += PAGE_SIZE) {
		err = user_zero(page, PAGE_SIZE);
		if (!err)
			err = arch_pagetable_lookup(&process->aspace->tables, page, &phys, NULL);
		if (!err)
			snapshot_mark_area(arch_phys_to_virt(phys), PAGE_SIZE);
	}
	for (uint32_t i = 0; !err && i < DATA_SIZE; i += sizeof(i))
		err = user_copy_out(DATA + i, &i, sizeof(i));
	return err;
}

int net_calls_setup(void)
{
	long arena;
	int err;

	memset(slots, 0xff, sizeof(slots));
	err = process_create("program", &process);
	if (err)
		return err;
	process_enter(process);
	arena_space = aspace_get(process->aspace);
	arena = aspace_mmap(process->aspace, ARENA, ARENA_SIZE, PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANONYMOUS, NULL, 0);
	if (arena < 0)
		return (int)arena;
	err = touch_arena();
	if (!err)
		err = make_fixture(0, true, true, 80, 16);
	if (!err)
		err = make_fixture(1, false, true, 81, 1);
	return err ?: make_fixture(2, true, false, 53, 0);
}

void net_calls_end(void)
{
	process_teardown(process, 0);
}

/* ---- calls ---- */

static long connect_to(uint64_t fd, struct script *script)
{
	unsigned n = (unsigned)script_take(script, 1);
	const struct peer_flow *flow = &peer_flows[n % PEER_FLOWS];
	bool v6 = flow->v6 != (n >> 7);

	return call(SYS_connect, fd, ADDRESS,
		    put_address(v6, peer_address(flow->device, v6, n & 64), (uint16_t)(PEER_PORT + n % PEER_FLOWS)), 0,
		    0, 0);
}

static long send_some(uint64_t fd, struct script *script, bool to)
{
	static const unsigned flags[4] = { 0, 0x8000 /* MSG_MORE */, 1 /* MSG_OOB */, 0x40 /* MSG_DONTWAIT */ };
	unsigned what = (unsigned)script_take(script, 1);
	uint64_t len = script_take(script, 2) % DATA_SIZE, address_len = 0;

	if (to)
		address_len = put_address(what & 4, peer_address(what >> 3 & 1, what & 4, what & 16),
					  (uint16_t)PEER_PORT);
	return call(SYS_sendto, fd, DATA, len, flags[what & 3] | 0x4000, to ? ADDRESS : 0, address_len);
}

static long receive_some(uint64_t fd, struct script *script)
{
	static const unsigned flags[4] = { 0, 2 /* MSG_PEEK */, 0x20 /* MSG_TRUNC */, 0x100 /* MSG_WAITALL */ };
	unsigned what = (unsigned)script_take(script, 1);
	uint64_t len = script_take(script, 2) % DATA_SIZE;
	uint8_t bytes[LOOK_AT];
	long n;

	put_u32(LENGTH, 28);
	n = call(SYS_recvfrom, fd, ROOM, len, flags[what & 3], what & 4 ? ADDRESS : 0, what & 4 ? LENGTH : 0);
	if (n > 0 && !user_copy_in(bytes, ROOM, min(min((uint64_t)n, len), sizeof(bytes))))
		harness_result_bytes(peer_result_place(), bytes, (size_t)min(min((uint64_t)n, len), sizeof(bytes)));
	return n;
}

static long set_option(uint64_t fd, struct script *script, bool set)
{
	static const struct {
		uint8_t level, name;
	} options[16] = {
		{ 1, 2 }, { 1, 9 },  { 1, 13 }, { 1, 7 }, { 1, 8 }, { 1, 4 }, { 1, 18 }, { 6, 1 },
		{ 6, 3 }, { 6, 4 },  { 6, 5 },	{ 6, 6 }, { 6, 11 }, { 0, 1 }, { 0, 2 }, { 41, 26 },
	};
	unsigned what = (unsigned)script_take(script, 1), i = what % 16;
	uint64_t value[2] = { set ? script_take(script, 2) : 0 };
	long result;

	/* SO_LINGER has two words: the second is how long. */
	if (i == 2)
		value[0] = (value[0] & 1) | value[0] >> 1 << 32;
	if (user_copy_out(VALUE, value, sizeof(value)))
		return -EFAULT;
	if (set)
		return call(SYS_setsockopt, fd, options[i].level, options[i].name, VALUE, i == 2 ? 8 : 4, 0);
	put_u32(LENGTH, what & 16 ? 104 : 8);
	result = call(SYS_getsockopt, fd, options[i].level, options[i].name, VALUE, LENGTH, 0);
	return result;
}

/* Events of all sockets, as one number. */
static long poll_all(void)
{
	struct {
		int32_t fd;
		uint16_t events, revents;
	} fds[SLOTS];
	long n, sum = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		fds[i].fd = slots[i];
		fds[i].events = 0x3fff;
		fds[i].revents = 0;
	}
	if (user_copy_out(VALUE, fds, sizeof(fds)))
		return -EFAULT;
	n = call(SYS_poll, VALUE, SLOTS, 0, 0, 0, 0);
	if (n < 0 || user_copy_in(fds, VALUE, sizeof(fds)))
		return n;
	for (unsigned i = 0; i < SLOTS; i++)
		sum = sum * 31 + fds[i].revents;
	return sum & 0x7fffffff;
}

static long name_of(uint64_t fd, bool peer)
{
	uint8_t bytes[28];
	long err;

	put_u32(LENGTH, sizeof(bytes));
	err = call(peer ? SYS_getpeername : SYS_getsockname, fd, ADDRESS, LENGTH, 0, 0, 0);
	if (!err && !user_copy_in(bytes, ADDRESS, 16))
		harness_result_bytes(peer_result_place(), bytes, 16);
	return err;
}

void net_call_accept(unsigned listener)
{
	unsigned slot = 3;
	long fd;

	while (slot < SLOTS - 1 && slots[slot] >= 0)
		slot++;
	fd = call(SYS_accept4, (uint64_t)slots[listener], 0, 0, SOCK_NONBLOCK_FLAG, 0, 0);
	harness_result(peer_result_place(), (uint64_t)fd);
	keep(slot, fd);
}

enum kind {
	CALL_TCP4,
	CALL_TCP6,
	CALL_UDP4,
	CALL_UDP6,
	CALL_BIND,
	CALL_LISTEN,
	CALL_CONNECT,
	CALL_ACCEPT,
	CALL_SEND,
	CALL_SEND_TO,
	CALL_RECEIVE,
	CALL_CLOSE,
	CALL_SHUTDOWN,
	CALL_SET,
	CALL_GET,
	CALL_POLL,
};

static long make_call(struct script *script, enum kind kind, unsigned slot)
{
	uint64_t fd = (uint64_t)(int64_t)slots[slot];
	unsigned what;

	switch (kind) {
	case CALL_TCP4:
	case CALL_TCP6:
	case CALL_UDP4:
	case CALL_UDP6: keep(slot, make_socket(kind & 1, kind < CALL_UDP4)); return slots[slot];
	case CALL_BIND:
		what = (unsigned)script_take(script, 1);
		return call(SYS_bind, fd, ADDRESS,
			    put_address(what & 1, what & 2 ? peer_address(what >> 2 & 1, what & 1, !(what & 8)) : NULL,
					what & 16 ? 0 : (uint16_t)(80 + (what >> 5))),
			    0, 0, 0);
	case CALL_LISTEN: return call(SYS_listen, fd, script_take(script, 1), 0, 0, 0, 0);
	case CALL_CONNECT: return connect_to(fd, script);
	case CALL_ACCEPT: net_call_accept(slot); return 0;
	case CALL_SEND: return send_some(fd, script, false);
	case CALL_SEND_TO: return send_some(fd, script, true);
	case CALL_RECEIVE: return receive_some(fd, script);
	case CALL_CLOSE: slots[slot] = -1; return call(SYS_close, fd, 0, 0, 0, 0, 0);
	case CALL_SHUTDOWN: return call(SYS_shutdown, fd, script_take(script, 1) & 3, 0, 0, 0, 0);
	case CALL_SET: return set_option(fd, script, true);
	case CALL_GET:
		what = (unsigned)script_take(script, 1);
		return what < 2 ? name_of(fd, what) : set_option(fd, script, false);
	default: return poll_all();
	}
}

void net_call(struct script *script, unsigned how)
{
	unsigned slot = (unsigned)script_take(script, 1) % SLOTS;

	harness_result(peer_result_place(), (uint64_t)make_call(script, (enum kind)how, slot));
}
