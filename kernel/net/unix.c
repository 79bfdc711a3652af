/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets between programs of one machine: names, connections, and their end. Linux: unix(7).
 */
#include "unix.h"

#include <kernel/abi/fcntl.h>
#include <kernel/atomic.h>
#include <kernel/clock.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/proc.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#define LISTENING_FLAG 0x10000 /* __SO_ACCEPTCON */
#define PATH_AT offsetof(struct abi_sockaddr_un, path)

OBJECT_TYPE(unix_socket);

static struct spinlock lock = SPINLOCK_INIT;
static struct list bound = LIST_INIT(bound); /* those with a name */
static unsigned next_name;
static const struct socket_ops unix_ops;

unsigned long unix_lock(void)
{
	return spin_lock(&lock);
}

void unix_unlock(unsigned long flags)
{
	spin_unlock(&lock, flags);
}

/* ---- life ---- */

void unix_cred_current(struct abi_ucred *cred)
{
	const struct process *process = process_current();

	*cred = process ? (struct abi_ucred){ process->pid, process->cred.euid, process->cred.egid }
			: (struct abi_ucred){ 0 };
}

static struct unix_socket *unix_alloc(int type)
{
	struct unix_socket *u = heap_zalloc(sizeof(*u));

	if (!u)
		return NULL;
	socket_init(&u->socket, &unix_ops, AF_UNIX, type, 0);
	u->refs = 1;
	mutex_init(&u->read_lock);
	list_init(&u->messages);
	list_init(&u->waiting);
	list_init(&u->waiting_node);
	list_init(&u->bound_node);
	unix_cred_current(&u->cred);
	object_count_add(&object_type_unix_socket, 1);
	return u;
}

struct unix_socket *unix_get(struct unix_socket *u)
{
	atomic_fetch_add(&u->refs, 1);
	return u;
}

void unix_put(struct unix_socket *u)
{
	if (atomic_fetch_sub(&u->refs, 1) != 1)
		return;
	if (u->inode)
		inode_put(u->inode);
	object_count_add(&object_type_unix_socket, -1);
	heap_free(u);
}

static int unix_create(int family UNUSED, int type, int protocol, struct socket **out)
{
	struct unix_socket *u;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	u = unix_alloc(type);
	if (!u)
		return -ENOMEM;
	*out = &u->socket;
	return 0;
}

/* ---- names ---- */

/* The length of a name that is a path, without a NUL that it may end with. 0: it is none. */
static size_t path_len(const struct socket_address *address)
{
	if (address->len <= PATH_AT || !address->abi.un.path[0])
		return 0;
	return strnlen(address->abi.un.path, min((size_t)address->len - PATH_AT, (size_t)UNIX_PATH_MAX));
}

static void copy_path(const struct socket_address *address, char path[UNIX_PATH_MAX + 1])
{
	size_t len = path_len(address);

	memcpy(path, address->abi.un.path, len);
	path[len] = '\0';
}

static bool same_name(const struct socket_address *a, const struct socket_address *b)
{
	return a->len == b->len && !memcmp(&a->abi, &b->abi, a->len);
}

/* One that is bound to a name of no file system, or to an inode. Lock. */
static struct unix_socket *find_bound(const struct socket_address *name, const struct inode *inode)
{
	list_foreach(&bound, struct unix_socket, bound_node, u) {
		if (inode ? u->inode == inode : !u->inode && same_name(&u->name, name))
			return u;
	}
	return NULL;
}

static int find_inode(const struct socket_address *address, struct inode **inode)
{
	char path[UNIX_PATH_MAX + 1];
	struct path at;
	int err;

	copy_path(address, path);
	err = path_lookup(AT_FDCWD, path, WALK_FOLLOW, &at);
	if (err)
		return err;
	err = inode_permission(at.dentry->inode, MAY_WRITE, credentials_current());
	if (!err && !S_ISSOCK(at.dentry->inode->mode))
		err = -ECONNREFUSED;
	if (!err)
		*inode = inode_get(at.dentry->inode);
	path_put(at);
	return err;
}

int unix_find(const struct socket_address *address, struct unix_socket **out)
{
	struct inode *inode = NULL;
	struct unix_socket *found;
	unsigned long flags;
	int err = 0;

	if (address->abi.family != AF_UNIX || address->len <= PATH_AT || address->len > sizeof(struct abi_sockaddr_un))
		return -EINVAL;
	if (address->abi.un.path[0])
		err = find_inode(address, &inode);
	if (err)
		return err;
	flags = unix_lock();
	found = find_bound(address, inode);
	if (found)
		unix_get(found);
	unix_unlock(flags);
	if (inode)
		inode_put(inode);
	*out = found;
	return found ? 0 : -ECONNREFUSED;
}

/* A name of five digits that nobody has (autobind). Lock. */
static void choose_name(struct socket_address *name)
{
	do {
		name->abi.family = AF_UNIX;
		name->len = PATH_AT + 6;
		format(name->abi.un.path + 1, 6, "%05x", next_name++ & 0xfffff);
	} while (find_bound(name, NULL));
}

static int bind_path(struct unix_socket *u, const struct socket_address *name)
{
	char path[UNIX_PATH_MAX + 1];
	struct path at;
	int err;

	copy_path(name, path);
	err = vfs_mknod(AT_FDCWD, path, S_IFSOCK | 0777, 0);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	err = path_lookup(AT_FDCWD, path, 0, &at);
	if (err)
		return err;
	u->inode = inode_get(at.dentry->inode);
	path_put(at);
	return 0;
}

static int unix_bind(struct socket *socket, const struct socket_address *address)
{
	struct unix_socket *u = unix_socket_of(socket);
	struct socket_address name = *address;
	unsigned long flags;
	int err = 0;

	if (name.len < sizeof(name.abi.family) || name.abi.family != AF_UNIX || name.len > sizeof(name.abi.un))
		return -EINVAL;
	if (u->name.len)
		return -EINVAL;
	if (path_len(&name)) {
		err = bind_path(u, &name);
		name.len = (unsigned)(PATH_AT + path_len(&name) + 1);
	}
	if (err)
		return err;
	flags = unix_lock();
	if (u->name.len)
		err = -EINVAL;
	else if (name.len == sizeof(name.abi.family))
		choose_name(&name);
	else if (!u->inode && find_bound(&name, NULL))
		err = -EADDRINUSE;
	if (!err) {
		u->name = name;
		list_append(&bound, &u->bound_node);
	}
	unix_unlock(flags);
	return err;
}

static int unix_name(struct socket *socket, bool peer, struct socket_address *to)
{
	struct unix_socket *u = unix_socket_of(socket);
	unsigned long flags = unix_lock();
	const struct unix_socket *of = peer ? u->peer : u;

	if (of && of->name.len)
		*to = of->name;
	else
		*to = (struct socket_address){ .abi.family = AF_UNIX, .len = sizeof(to->abi.family) };
	unix_unlock(flags);
	return of ? 0 : -ENOTCONN;
}

/* ---- connections ---- */

/* Lock. */
static void join(struct unix_socket *a, struct unix_socket *b)
{
	a->peer = unix_get(b);
	b->peer = unix_get(a);
	a->had_peer = b->had_peer = true;
	a->peer_cred = b->cred;
	b->peer_cred = a->cred;
}

static int unix_pair(struct socket *sa, struct socket *sb)
{
	unsigned long flags = unix_lock();

	join(unix_socket_of(sa), unix_socket_of(sb));
	unix_unlock(flags);
	return 0;
}

static int unix_listen(struct socket *socket, int backlog)
{
	struct unix_socket *u = unix_socket_of(socket);
	unsigned long flags;
	int err = 0;

	if (socket->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	flags = unix_lock();
	if (!u->name.len || u->peer) {
		err = -EINVAL;
	} else {
		u->backlog = (unsigned)backlog;
		socket->listening = true;
		unix_cred_current(&u->cred);
	}
	unix_unlock(flags);
	return err;
}

static bool has_place(void *arg)
{
	const struct unix_socket *listener = arg;

	return atomic_load(&listener->waiting_count) <= listener->backlog || atomic_load(&listener->closed);
}

/* One try: the other end is made here, and waits to be accepted. -EAGAIN: no place. */
static int try_connect(struct unix_socket *u, struct unix_socket *listener, struct unix_socket *other)
{
	unsigned long flags = unix_lock();
	int err = 0;

	if (u->peer)
		err = -EISCONN;
	else if (!listener->socket.listening || listener->closed)
		err = -ECONNREFUSED;
	else if (!has_place(listener))
		err = -EAGAIN;
	if (!err) {
		other->name = listener->name;
		other->cred = listener->cred;
		join(u, other);
		list_append(&listener->waiting, &other->waiting_node);
		atomic_store(&listener->waiting_count, listener->waiting_count + 1);
	}
	unix_unlock(flags);
	if (!err)
		wake_all(&listener->socket.readers);
	return err;
}

static int connect_stream(struct unix_socket *u, struct unix_socket *listener, bool nonblock)
{
	struct unix_socket *other = unix_alloc(u->socket.type);
	int err;

	if (!other)
		return -ENOMEM;
	unix_cred_current(&u->cred);
	do {
		err = try_connect(u, listener, other);
		if (err != -EAGAIN || nonblock)
			break;
		err = wait_until(&listener->socket.writers, has_place, listener,
				 u->socket.send_timeout_ns ? clock_ns() + u->socket.send_timeout_ns : WAIT_FOREVER);
		if (err == -ETIMEDOUT)
			err = -EAGAIN;
	} while (!err);
	if (err)
		unix_put(other);
	return err;
}

/* A datagram socket only remembers where to send to. */
static int connect_datagram(struct unix_socket *u, struct unix_socket *to)
{
	struct unix_socket *old;
	unsigned long flags = unix_lock();

	old = u->peer;
	u->peer = to ? unix_get(to) : NULL;
	unix_unlock(flags);
	if (old)
		unix_put(old);
	return 0;
}

static int unix_connect(struct socket *socket, const struct socket_address *address, bool nonblock)
{
	struct unix_socket *u = unix_socket_of(socket), *to;
	int err;

	if (address->abi.family == AF_UNSPEC && socket->type == SOCK_DGRAM)
		return connect_datagram(u, NULL);
	err = unix_find(address, &to);
	if (err)
		return err;
	if (to->socket.type != socket->type)
		err = -EPROTOTYPE;
	else if (socket->type == SOCK_DGRAM)
		err = connect_datagram(u, to);
	else
		err = connect_stream(u, to, nonblock);
	unix_put(to);
	return err;
}

static bool has_waiting(void *arg)
{
	const struct unix_socket *u = arg;

	return atomic_load(&u->waiting_count);
}

static int unix_accept(struct socket *socket, bool nonblock, struct socket **out)
{
	struct unix_socket *u = unix_socket_of(socket), *other = NULL;
	int err = 0;

	while (!other && !err) {
		unsigned long flags = unix_lock();

		if (!list_empty(&u->waiting)) {
			other = list_first(&u->waiting, struct unix_socket, waiting_node);
			list_remove(&other->waiting_node);
			atomic_store(&u->waiting_count, u->waiting_count - 1);
		}
		unix_unlock(flags);
		if (!other)
			err = nonblock ? -EAGAIN : socket_wait_readable(socket, has_waiting, u);
	}
	if (err)
		return err;
	wake_all(&socket->writers);
	*out = &other->socket;
	return 0;
}

/* ---- the end ---- */

static int unix_shutdown(struct socket *socket, int how)
{
	struct unix_socket *u = unix_socket_of(socket), *peer;
	unsigned long flags = unix_lock();

	peer = u->peer ? unix_get(u->peer) : NULL;
	if (how != SHUT_WR) {
		u->read_shut = true;
		if (peer && socket->type != SOCK_DGRAM)
			peer->write_shut = true;
	}
	if (how != SHUT_RD) {
		u->write_shut = true;
		if (peer && socket->type != SOCK_DGRAM)
			peer->read_shut = true;
	}
	unix_unlock(flags);
	wake_all(&socket->readers);
	wake_all(&socket->writers);
	if (!peer)
		return -ENOTCONN;
	wake_all(&peer->socket.readers);
	wake_all(&peer->socket.writers);
	unix_put(peer);
	return 0;
}

static void unix_release(struct socket *socket);

/* Those that nobody accepted end as if they had been, and were closed. */
static void drop_waiting(struct unix_socket *u)
{
	for (;;) {
		struct unix_socket *other = NULL;
		unsigned long flags = unix_lock();

		if (!list_empty(&u->waiting)) {
			other = list_first(&u->waiting, struct unix_socket, waiting_node);
			list_remove(&other->waiting_node);
		}
		unix_unlock(flags);
		if (!other)
			return;
		unix_release(&other->socket);
	}
}

static void unix_release(struct socket *socket)
{
	struct unix_socket *u = unix_socket_of(socket), *peer;
	struct list left = LIST_INIT(left);
	unsigned long flags = unix_lock();
	bool unread = !list_empty(&u->messages);

	u->closed = true;
	list_remove(&u->bound_node);
	peer = u->peer;
	u->peer = NULL;
	if (peer && peer->peer == u) {
		peer->peer = NULL;
		atomic_fetch_sub(&u->refs, 1);
	}
	while (!list_empty(&u->messages)) {
		struct list *node = u->messages.next;

		list_remove(node);
		list_append(&left, node);
	}
	unix_unlock(flags);
	drop_waiting(u);
	wake_all(&socket->writers);
	if (peer) {
		if (unread && socket->type != SOCK_DGRAM)
			socket_set_error(&peer->socket, ECONNRESET);
		wake_all(&peer->socket.readers);
		wake_all(&peer->socket.writers);
		unix_put(peer);
	}
	while (!list_empty(&left)) {
		struct unix_message *message = list_first(&left, struct unix_message, node);

		list_remove(&message->node);
		unix_message_free(message);
	}
	unix_put(u);
}

static int unix_get_option(struct socket *socket, int level, int name, void *value, unsigned *size)
{
	struct unix_socket *u = unix_socket_of(socket);
	struct abi_ucred cred = { 0, UINT32_MAX, UINT32_MAX };

	if (level != SOL_SOCKET || name != SO_PEERCRED)
		return level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
	if (u->had_peer)
		cred = u->peer_cred;
	*size = min(*size, (unsigned)sizeof(cred));
	memcpy(value, &cred, *size);
	return 0;
}

static const struct socket_ops unix_ops = {
	.bind = unix_bind,
	.connect = unix_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.pair = unix_pair,
	.name = unix_name,
	.send = unix_send,
	.receive = unix_receive,
	.shutdown = unix_shutdown,
	.get_option = unix_get_option,
	.poll = unix_poll,
	.readable = unix_readable,
	.release = unix_release,
};

static const struct socket_family unix_family = { AF_UNIX, unix_create };
SOCKET_FAMILY(unix_family);

/* ---- /proc/net/unix ---- */

/* Linux tells of all; these are those with a name, which others can find. */
int net_show_unix(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	unsigned long flags;

	proc_print(text, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	flags = unix_lock();
	list_foreach(&bound, struct unix_socket, bound_node, u) {
		char path[UNIX_PATH_MAX + 1] = { 0 };

		copy_path(&u->name, path);
		proc_print(text, "0000000000000000: %08X 00000000 %08X %04X %02X %5u %s\n", atomic_load(&u->refs),
			   u->socket.listening ? LISTENING_FLAG : 0, u->socket.type, u->peer ? 3 : 1, 0,
			   path[0] ? path : "@");
	}
	unix_unlock(flags);
	return 0;
}
