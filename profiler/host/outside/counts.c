/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From counted blocks of code to a stream. See counts.h.
 */
#include "counts.h"

#include <errno.h>
#include <fcntl.h>
#include <profiler/plugin/count_abi.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const struct count_entry *entry, const struct guest_known *known, struct outside_stream *stream,
		 const struct outside_at *at)
{
	bool in_program = guest_is_program(entry->address);
	struct outside_at where = *at;
	uint64_t room[sizeof(struct trace_chain) / sizeof(uint64_t) + 1 + TRACE_USER_REGS] = { 0 };
	struct trace_chain *chain = (struct trace_chain *)room;
	size_t words = in_program ? 1 + TRACE_USER_REGS : 1;

	chain->kernel_count = !in_program;
	chain->user_count = in_program;
	chain->flags = in_program ? TRACE_IN_PROGRAM : 0;
	/* And the program counter is the last of the registers. */
	chain->words[0] = chain->words[words - 1] = entry->address;
	where.thread = in_program ? guest_known_find(known, entry->address) : 0;
	outside_stream_sample(stream, &where, entry->instructions, chain, sizeof(*chain) + words * sizeof(uint64_t));
}

/* The file, mapped; NULL with errno. */
static const struct count_header *map_file(const char *path, uint64_t *count)
{
	const struct count_header *header;
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return NULL;
	header = fstat(fd, &stat) ? MAP_FAILED : mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	err = errno;
	close(fd);
	errno = err;
	if (header == MAP_FAILED)
		return NULL;
	*count = ((uint64_t)stat.st_size - sizeof(*header)) / sizeof(struct count_entry);
	if ((size_t)stat.st_size >= sizeof(*header) && header->magic == COUNT_MAGIC && header->count <= *count) {
		*count = header->count;
		return header;
	}
	munmap((void *)header, (size_t)stat.st_size);
	errno = EBADMSG;
	return NULL;
}

int counts_tell(const char *path, const struct guest_known *known, struct outside_stream *stream,
		const struct outside_at *at, uint64_t *told, char *error)
{
	uint64_t count;
	const struct count_header *header = map_file(path, &count);
	const struct count_entry *entries;

	*told = 0;
	if (!header) {
		snprintf(error, PROFILE_ERROR, "nothing was counted: %s",
			 errno == ENOENT ? "QEMU did not take the plugin; --verbose shows why" : strerror(errno));
		return -1;
	}
	entries = (const struct count_entry *)(header + 1);
	for (uint64_t i = 0; i < count; i++)
		if (entries[i].instructions) {
			tell(&entries[i], known, stream, at);
			++*told;
		}
	if (header->missed)
		fprintf(stderr, "saki-prof: %llu blocks of code had no room and were not counted\n",
			(unsigned long long)header->missed);
	munmap((void *)header, sizeof(*header) + count * sizeof(*entries));
	return 0;
}
