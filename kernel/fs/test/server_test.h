/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests of file systems on a fake file server (kernel/fake_server.h) have in common: one server, mounted, and what
 * it says.
 */
#pragma once

#include <kernel/fake_server.h>
#include <kernel/file.h>

#define SERVER_AT "/test-server"
#define SERVER_BUFFER (16 * KIB)

extern struct fake_server server_fake;
extern uint8_t server_buffer[SERVER_BUFFER];

/* What becomes of answers of one type. */
struct server_lie {
	unsigned type;
	unsigned at;		/* this byte becomes */
	uint8_t value;
	int longer;		/* bytes that the device says more */
	enum fake_server_fate fate;
};
extern struct server_lie server_lie;

/* Mounts what is attached. */
int server_mount(const char *filesystem, unsigned flags, const char *options);
/* An honest server, mounted. */
int server_begin(const struct fake_protocol *protocol, const char *filesystem);
void server_end(void);
/* From now on that byte of answers of that type is another. at 0: none is. */
void server_lie_about(unsigned type, unsigned at, uint8_t value);
unsigned long server_offences(void);
/* Between the file and server_buffer. */
ssize_t server_move(struct file *file, size_t len, off_t offset, bool write);
int server_open(const char *name, unsigned flags, struct file **file);
off_t server_size_of(const char *name);
void server_sleep_a_second(void);
/*
 * On that server a byte of answers is another: whatever it says, the file cannot be read, the device is reset, and all
 * that comes later fails.
 */
void server_expect_offence(const struct fake_protocol *protocol, const char *filesystem, unsigned type, unsigned at,
			   uint8_t value);
/* The same where answers to reads, of that type, are given twice. */
void server_expect_offence_twice(const struct fake_protocol *protocol, const char *filesystem, unsigned type);
/* The same where one byte of an answer to a write, of that type, says that more was written than was given. */
void server_expect_offence_of_write(const struct fake_protocol *protocol, const char *filesystem, unsigned type,
				    unsigned at);
