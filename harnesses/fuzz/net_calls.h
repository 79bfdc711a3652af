/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program of the harness "net": a process with sockets, none of which ever waits.
 */
#pragma once

#include <kernel/fake.h>

/* Sockets 0 and 1 listen (port 80 of both versions, 81 of IPv4), 2 takes datagrams (port 53). */
int net_calls_setup(void);
void net_calls_end(void);
/* One call, of kind how; the script has its arguments. */
void net_call(struct script *script, unsigned how);
void net_call_accept(unsigned listener);
