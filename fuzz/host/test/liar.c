/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that lies: "saki-liar PID SECONDS" maps the machine memory of a runner, found among its descriptors, and
 * writes nonsense into all that the guest tells, again and again, while a campaign runs. The hand-over words are left
 * alone, so that the runner goes on reading. Exit status 0 when there was a machine to lie for.
 */
#include <dirent.h>
#include <fcntl.h>
#include <fuzz/abi/channel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t state = 20261125;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Mostly extremes: counts that are too large, negative numbers, kinds that do not exist. */
static uint64_t lie(void)
{
	switch (next_random() >> 32 & 3) {
	case 0: return UINT64_MAX;
	case 1: return 0x7fffffff7fffffff;
	case 2: return next_random() >> 40 & 0xff;
	default: return next_random();
	}
}

/* The memory file of a machine that PID runs, by its name; -1. */
static int find_memory(const char *pid)
{
	char folder[64], path[384], name[64];
	struct dirent *entry;
	DIR *fds;
	int fd = -1;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	fds = opendir(folder);
	while (fds && fd < 0 && (entry = readdir(fds))) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		n = readlink(path, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		if (!strncmp(name, "/memfd:saki-machine", 19))
			fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (fds)
		closedir(fds);
	return fd;
}

static void fill(void *start, void *end)
{
	for (uint64_t *word = start; word + 1 <= (uint64_t *)end; word++)
		*word = lie();
}

static void tell_lies(struct channel *channel, struct channel_batch *batch)
{
	if (batch)
		fill(&batch->done, batch + 1);
	fill(&channel->magic, &channel->request_seq);
	channel->status = (uint32_t)lie();
	channel->result_count = (uint32_t)lie();
	channel->compare_count = (uint32_t)lie();
	channel->dirty_pages = (uint32_t)lie();
	channel->canary_reached = (uint32_t)lie();
	channel->console_len = (uint32_t)lie();
	channel->history_count = (uint32_t)lie();
	channel->events_len = (uint32_t)lie();
	fill(channel->dirty_frames, channel->input);
}

/* Before anything is written: where the machine has its batches; NULL: nowhere. */
static struct channel_batch *find_batch(uint8_t *memory, uint64_t size, const struct channel *channel)
{
	uint64_t at = channel->batch;

	return at && at < size - sizeof(struct channel_batch) ? (void *)(memory + at) : NULL;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 5);
	bool lied = false;

	while (argc > 2 && time(NULL) < end) {
		struct channel_beacon *beacon;
		struct stat info;
		uint8_t *memory;
		int fd = find_memory(argv[1]);

		/* The runner replaces machines that make no sense: each time the next one's memory is looked for. */
		if (fd < 0 || fstat(fd, &info)) {
			usleep(10000);
			continue;
		}
		memory = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
		beacon = (void *)(memory + CHANNEL_BEACON);
		if (beacon->magic == CHANNEL_MAGIC &&
		    beacon->channel < (uint64_t)info.st_size - sizeof(struct channel)) {
			struct channel *channel = (void *)(memory + beacon->channel);
			struct channel_batch *batch = find_batch(memory, (uint64_t)info.st_size, channel);

			for (int i = 0; i < 200; i++)
				tell_lies(channel, batch);
			lied = true;
		}
		munmap(memory, (size_t)info.st_size);
		usleep(50000);
	}
	return !lied;
}
