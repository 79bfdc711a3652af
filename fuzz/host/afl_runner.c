/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What afl-fuzz runs as its target: our half of the AFL++ 4.04c forkserver protocol, with shared-memory test cases. One
 * process answers every "fork": the machine behind the executor is what starts anew. A finding is told as SIGABRT, so
 * that AFL++ keeps it out of its queue; by then the worker has written it down. afl-fuzz ends it by a SIGTERM
 * (AFL_KILL_SIGNAL), upon which the machine is taken down first.
 *
 * All words are four bytes, native order; read on fd 198, written on 199.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "campaign.h"
#include "cpus.h"
#include "engine_compares.h"

#define COMMAND_FD 198
#define STATUS_FD 199
#define HELLO UINT32_C(0x80000001)
#define HELLO_MAP_SIZE UINT32_C(0x40000000)
#define HELLO_SHM_INPUT UINT32_C(0x01000000)
#define MAP_SIZE_MAX (1u << 23)
/* Larger than any pid: afl-fuzz kills this "child" on its time-out, and must hit nobody. */
#define CHILD_PID 0xffffff

static volatile sig_atomic_t ended;

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

static uint8_t *attach(const char *variable)
{
	const char *id = getenv(variable);
	uint8_t *map = id ? shmat(atoi(id), NULL, 0) : (void *)-1;

	return map == (void *)-1 ? NULL : map;
}

static bool read_word(uint32_t *word)
{
	ssize_t n;

	while ((n = read(COMMAND_FD, word, sizeof(*word))) < 0 && errno == EINTR && !ended)
		;
	return n == sizeof(*word) && !ended;
}

static bool write_word(uint32_t word)
{
	ssize_t n;

	while ((n = write(STATUS_FD, &word, sizeof(word))) < 0 && errno == EINTR)
		;
	return n == sizeof(word);
}

/* Map sizes are told in steps of 64. */
static size_t map_size_for(size_t counters)
{
	return (counters + 63) & ~(size_t)63;
}

static bool shake_hands(size_t map_size)
{
	uint32_t acknowledgement, options = (uint32_t)(map_size - 1) << 1 | HELLO_SHM_INPUT;

	return write_word(HELLO | HELLO_MAP_SIZE | options) && read_word(&acknowledgement);
}

static void publish(struct worker *worker, uint8_t *map)
{
	size_t count;
	const uint8_t *counters = executor_counters(worker_executor(worker), &count);

	memcpy(map, counters, count);
	/* AFL++ takes an empty map for a target that is not instrumented. */
	map[0] |= 1;
}

static int serve(struct worker *worker, uint8_t *map, const uint8_t *input)
{
	uint32_t command, size;

	while (read_word(&command)) {
		enum worker_result result;

		if (!write_word(CHILD_PID))
			break;
		memcpy(&size, input, sizeof(size));
		result = worker_run(worker, input + sizeof(size), size);
		if (result == WORKER_GIVE_UP)
			break;
		publish(worker, map);
		compares_publish(worker_executor(worker));
		if (!write_word(result == WORKER_FINDING ? SIGABRT : 0))
			break;
	}
	return 0;
}

int afl_runner(struct campaign *campaign)
{
	uint8_t *map = attach("__AFL_SHM_ID"), *input = attach("__AFL_SHM_FUZZ_ID");
	struct sigaction action = { .sa_handler = on_end };
	struct worker *worker;
	size_t count;
	int status;

	if (!map || !input) {
		fprintf(stderr, "saki-fuzz: afl-runner is started by afl-fuzz, not by hand\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	cpus_claim();
	worker = worker_open(campaign);
	if (!worker)
		return 3;
	compares_open(campaign->work);
	executor_counters(worker_executor(worker), &count);
	status = map_size_for(count) <= MAP_SIZE_MAX && shake_hands(map_size_for(count)) ? serve(worker, map, input)
											 : 3;
	worker_close(worker);
	return status;
}
