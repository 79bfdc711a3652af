/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plugin for QEMU's emulator that counts instructions: each block of code that is translated gets a counter, to
 * which its number of instructions is added in line whenever it runs. `-plugin saki-count.so,out=FILE`; the file is
 * count_abi.h's.
 *
 * A block that a fault leaves early is counted whole, and again from the instruction at which it is gone on with.
 */
#include "count_abi.h"

#include <fcntl.h>
#include <pthread.h>
#include <qemu-plugin.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_SIZE (sizeof(struct count_header) + (size_t)COUNT_ENTRIES_MAX * sizeof(struct count_entry))
#define SLOTS (4u * COUNT_ENTRIES_MAX)

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct count_header *header;
static struct count_entry *entries;
static uint32_t *slots;		/* numbers of entries and one, found by what they stand for; 0: none */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t first_code(const struct qemu_plugin_tb *tb)
{
	const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);
	size_t size = qemu_plugin_insn_size(insn);
	uint64_t code = 0;

	memcpy(&code, qemu_plugin_insn_data(insn), size < sizeof(code) ? size : sizeof(code));
	return code;
}

/* NULL: there is no room. */
static struct count_entry *entry_get(uint64_t address, uint64_t code)
{
	uint64_t hash = (address ^ code * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

	for (uint32_t slot = (uint32_t)(hash >> 32) % SLOTS;; slot = (slot + 1) % SLOTS) {
		struct count_entry *entry = slots[slot] ? &entries[slots[slot] - 1] : NULL;

		if (entry && entry->address == address && entry->code == code)
			return entry;
		if (entry)
			continue;
		if (header->count == COUNT_ENTRIES_MAX)
			return NULL;
		entry = &entries[header->count++];
		slots[slot] = (uint32_t)header->count;
		entry->address = address;
		entry->code = code;
		return entry;
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct count_entry *entry;

	(void)id;
	pthread_mutex_lock(&lock);
	entry = entry_get(qemu_plugin_tb_vaddr(tb), first_code(tb));
	header->missed += !entry;
	pthread_mutex_unlock(&lock);
	if (entry)
		qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &entry->instructions,
							 qemu_plugin_tb_n_insns(tb));
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	void *map = fd < 0 || ftruncate(fd, FILE_SIZE)
			    ? MAP_FAILED
			    : mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return -1;
	header = map;
	entries = (struct count_entry *)(header + 1);
	header->magic = COUNT_MAGIC;
	return 0;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	const char *out = argc == 1 && !strncmp(argv[0], "out=", 4) ? argv[0] + 4 : NULL;

	(void)info;
	if (!out) {
		fputs("saki-count.so: out=FILE is wanted\n", stderr);
		return -1;
	}
	slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED || open_file(out)) {
		perror(out);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
