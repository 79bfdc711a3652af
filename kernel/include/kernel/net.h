/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network as a whole, for who must know that nothing of it is left: harnesses and unit tests.
 */
#pragma once

#include <kernel/types.h>

/*
 * Ends what outlives the sockets it was made by, at once and without a word to the other side: connections that still
 * close or are in TIME-WAIT, and fragments that wait for others. A thread that does not hold the network's lock.
 */
void net_forget(void);

/* The pieces of memory that the stack holds: packets, connections, and all else that it allocates. */
long net_pieces(void);
