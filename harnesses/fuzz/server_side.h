/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other side of a file server (kernel/fake_server.h): a volume is mounted and used while the server answers as the
 * input says. Finds: lengths, counts, numbers and texts of a server that are believed; answers to nobody, twice, never;
 * what is lost or freed twice on the way.
 *
 * An input: how the device is (1 byte); how many operations (1), each its kind, a name, and two bytes more; and then,
 * answer by answer, what becomes of it. The server is honest where an answer's byte is 0, and so past the end of the
 * input. A recorded answer (REPLACED) is given as it is, but as one to the message that is waited for.
 */
#pragma once

#include <kernel/fake_server.h>

/* What a protocol's harness differs in. */
struct server_side {
	const struct fake_protocol *protocol;
	const char *filesystem;
	const char *options[4];		/* of mount, one of which an input chooses */
	uint32_t reply_at, reply_size;	/* bytes of an answer that say to which message it is */
	/* Makes it an error. @return its length */
	uint32_t (*refuse)(uint8_t *answer, uint8_t code);
};

/* For the harness's functions of these names. */
int server_side_setup(const struct server_side *side);
int server_side_run(const uint8_t *data, size_t size);
void server_side_teardown(void);
