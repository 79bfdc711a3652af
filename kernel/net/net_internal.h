/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of kernel/net share, whatever the family.
 */
#pragma once

#include <kernel/socket.h>

/* sys_socket.c: a socket behind a descriptor, with a reference to its file. -EBADF, -ENOTSOCK. */
int socket_get(int fd, struct file **file, struct socket **socket);
/* -EINVAL, -EFAULT. What is beyond len is zero. */
int socket_address_in(struct socket_address *to, user_ptr_t from, int len);
/* Copies what there is room for, and tells the whole length. */
int socket_address_out(user_ptr_t to, user_ptr_t len_at, const struct socket_address *from);

/* control.c: what a program sends beside bytes, and how it is given what came. */
int socket_control_in(struct socket_control *to, user_ptr_t from, size_t len);
/* Files become descriptors. @return the bytes written; *flags: MSG_CTRUNC where there was no room. Or -EFAULT. */
ssize_t socket_control_out(struct socket_control *from, user_ptr_t to, size_t len, bool close_on_exec, unsigned *flags);

/* options.c: those that are common to all sockets. */
int socket_option_set(struct socket *socket, int name, const void *value, unsigned size);
int socket_option_get(struct socket *socket, int name, void *value, unsigned *size);

/* interface.c (option NET): what ioctl(2) asks of a socket of any family. -ENOTTY: it is nothing about interfaces. */
long interface_ioctl(unsigned command, user_ptr_t argument);
