/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets: what all families have in common. A family registers with SOCKET_FAMILY(); its sockets are files whose
 * operations are here (kernel/net/socket.c), and whose behaviour comes from socket_ops.
 *
 * Whether a socket is ready must be told without sleeping (poll asks as a wait condition), so implementations keep what
 * that depends on in words that are read atomically, and wake the two queues when they change.
 */
#pragma once

#include <kernel/abi/socket.h>
#include <kernel/file.h>
#include <kernel/linkset.h>

struct page;
struct socket;

/* An address as a program gives or gets it. */
struct socket_address {
	union abi_sockaddr abi;
	unsigned len;		/* 0: none */
};

/* A control message of a protocol's own. */
struct socket_ancillary {
	int level, type;
	unsigned size;
	uint8_t data[32];
};
#define SOCKET_ANCILLARY_MAX 6

/* What a message carries besides its bytes: files, credentials, and what protocols tell of it. */
struct socket_control {
	struct file **files;	/* referenced; heap memory */
	unsigned file_count;
	struct abi_ucred cred;
	bool has_cred;
	unsigned ancillary_count;
	struct socket_ancillary ancillary[SOCKET_ANCILLARY_MAX];
};

struct socket_message {
	struct io io;
	struct socket_address address;
	struct socket_control control;
	unsigned flags;		/* MSG_* that was asked for */
	unsigned result_flags;	/* MSG_TRUNC, MSG_CTRUNC */
	bool nonblock;
};

/* All may sleep but poll. NULL: -EOPNOTSUPP. */
struct socket_ops {
	int (*bind)(struct socket *socket, const struct socket_address *address);
	int (*connect)(struct socket *socket, const struct socket_address *address, bool nonblock);
	int (*listen)(struct socket *socket, int backlog);
	/* A new socket, for a file of its own. */
	int (*accept)(struct socket *socket, bool nonblock, struct socket **out);
	/* Joins two new ones. */
	int (*pair)(struct socket *a, struct socket *b);
	int (*name)(struct socket *socket, bool peer, struct socket_address *address);
	ssize_t (*send)(struct socket *socket, struct socket_message *message);
	ssize_t (*receive)(struct socket *socket, struct socket_message *message);
	int (*shutdown)(struct socket *socket, int how);
	/* Those that are not common to all (-ENOPROTOOPT). value: of size bytes. get: *size is cut to what there is. */
	int (*set_option)(struct socket *socket, int level, int name, const void *value, unsigned size);
	int (*get_option)(struct socket *socket, int level, int name, void *value, unsigned *size);
	unsigned (*poll)(struct socket *socket);
	/* Bytes that can be read at once. */
	size_t (*readable)(struct socket *socket);
	/* Memory that a program can map, as in struct file_ops; both or none. */
	int (*map_page)(struct socket *socket, uint64_t index, struct page **page);
	void (*mapped)(struct socket *socket, bool added);
	/* The file is gone; frees the socket, or sees to it that this happens. */
	void (*release)(struct socket *socket);
};

struct socket {
	const struct socket_ops *ops;
	int family, type, protocol;
	struct wait_queue readers, writers;
	int error;		/* to be told once, positive; atomic */
	unsigned receive_low;	/* SO_RCVLOWAT */
	unsigned send_buffer, receive_buffer;
	uint64_t receive_timeout_ns, send_timeout_ns; /* 0: none */
	bool reuse_address, reuse_port, keep_alive, broadcast, pass_cred, out_of_band_inline;
	bool listening;
	int timestamp;		/* SO_TIMESTAMP or SO_TIMESTAMPNS: wanted with each datagram; 0 */
	struct abi_linger linger;
	uint32_t priority;
};

/* Registers with SOCKET_FAMILY(). type without flags, protocol as given; -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM */
struct socket_family {
	int family;
	int (*create)(int family, int type, int protocol, struct socket **out);
};
#define SOCKET_FAMILY(f) LINKSET_ADD(socket_family, &(f))

/* Fills the common part. */
void socket_init(struct socket *socket, const struct socket_ops *ops, int family, int type, int protocol);
int socket_create(int family, int type, int protocol, struct socket **out);
/* A descriptor for it; flags: SOCK_NONBLOCK, SOCK_CLOEXEC. On failure the socket is released. */
int socket_install(struct socket *socket, unsigned flags);
/* How many have a file. */
long socket_count(void);
/* The socket behind an open file; NULL (-ENOTSOCK). */
struct socket *socket_of(struct file *file);

/* Has something happened to it that is not good? Any context. */
void socket_set_error(struct socket *socket, int error);
/* Takes it: 0 or -errno. */
int socket_take_error(struct socket *socket);
/* Sleeps until condition(arg), for as long as the socket's timeout says: -EAGAIN then; -EINTR. */
int socket_wait_readable(struct socket *socket, wait_condition_t *condition, void *arg) MUST_CHECK;
int socket_wait_writable(struct socket *socket, wait_condition_t *condition, void *arg) MUST_CHECK;
/* Adds something of a protocol's own to what a message is told with; what there is no room for is left out. */
void socket_tell(struct socket_message *message, int level, int type, const void *data, unsigned size);
/* When it came, if that is wanted. */
void socket_tell_time(const struct socket *socket, struct socket_message *message, uint64_t came_ns);
void socket_control_free(struct socket_control *control);
