/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki trace ctf: a recording as a folder that babeltrace2 and Trace Compass read. See ctf.h.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <plat/run/image.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "ctf.h"
#include "output.h"

/* A packet's first fields, as the metadata says. */
struct packet_head {
	uint32_t magic, stream_id;
	uint64_t begin, end, content_bits, packet_bits, discarded;
	uint32_t cpu;
} __attribute__((packed));

/* The file of one CPU, and the packet that is being filled. */
struct cpu_file {
	FILE *out;
	char *data;
	size_t size, room;
	uint64_t begin, end, discarded;
	bool failed;		/* errno was error */
	int error;
};

struct ctf {
	struct recording *recording;
	struct cpu_file cpus[TRACE_CPUS_MAX];
	const char *folder;
};

static void put(struct cpu_file *f, const void *data, size_t size)
{
	if (f->room - f->size < size) {
		size_t room = 2 * (f->room + size) + 4096;
		char *more = realloc(f->data, room);

		if (!more) {
			f->failed = true;
			f->error = ENOMEM;
			return;
		}
		f->data = more;
		f->room = room;
	}
	memcpy(f->data + f->size, data, size);
	f->size += size;
}

/* Writes the packet, if there is any event in it, and begins the next one. */
static void flush_packet(struct cpu_file *f, unsigned cpu)
{
	struct packet_head head = { .magic = CTF_MAGIC,
				    .begin = f->begin,
				    .end = f->end,
				    .content_bits = 8 * (uint64_t)f->size,
				    .packet_bits = 8 * (uint64_t)f->size,
				    .discarded = f->discarded,
				    .cpu = cpu };

	if (f->failed || f->size < sizeof(head))
		return;
	memcpy(f->data, &head, sizeof(head));
	if (fwrite(f->data, 1, f->size, f->out) != f->size) {
		f->failed = true;
		f->error = errno;
	}
	f->size = 0;
}

static void begin_packet(struct cpu_file *f, uint64_t time_ns, uint64_t lost)
{
	static const struct packet_head none;

	put(f, &none, sizeof(none));
	f->begin = f->end = time_ns;
	f->discarded = lost;
}

static void put_words(struct cpu_file *f, const uint64_t *words, unsigned count)
{
	uint8_t byte = (uint8_t)count;

	put(f, &byte, 1);
	put(f, words, count * sizeof(*words));
}

static void put_args(struct cpu_file *f, const struct recording *recording, const struct stream_record *record)
{
	for (size_t i = 0; i < record->event->arg_count; i++) {
		char symbol[SYMBOL_MAX];

		if (record->texts[i]) {
			put(f, record->texts[i], strlen(record->texts[i]) + 1);
			continue;
		}
		put(f, &record->args[i], sizeof(record->args[i]));
		if (record->event->args[i].type == STREAM_PTR) {
			symbol_text(recording, record->args[i], symbol);
			put(f, symbol, strlen(symbol) + 1);
		}
	}
}

static void write_record(struct ctf *ctf, const struct stream_record *record)
{
	struct cpu_file *f = &ctf->cpus[record->cpu];
	uint16_t id = (uint16_t)record->event->number;

	/* What was lost was so before this record, as far as can be told. */
	if (f->size > CTF_PACKET_MAX || (f->size && f->discarded != record->lost))
		flush_packet(f, record->cpu);
	if (!f->size)
		begin_packet(f, record->time_ns, record->lost);
	f->end = record->time_ns;
	put(f, &id, sizeof(id));
	put(f, &record->time_ns, sizeof(record->time_ns));
	put(f, &record->thread, sizeof(record->thread));
	put_words(f, record->chain.kernel, record->has_chain ? record->chain.kernel_count : 0);
	put_words(f, record->chain.user, record->has_chain ? record->chain.user_count : 0);
	put_args(f, ctf->recording, record);
}

/* ---- the folder ---- */

/* A folder that is none of ours is not written into; older streams of more CPUs would be read with ours. */
static int clear_folder(const char *folder)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (!dir)
		return run_fail(-1, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (strcmp(entry->d_name, "metadata") != 0 && strncmp(entry->d_name, "stream_", 7) != 0) {
			run_fail(0, "%s: there are other files in it, such as %.64s", folder, entry->d_name);
			closedir(dir);
			return -1;
		}
		snprintf(path, sizeof(path), "%.2048s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	return 0;
}

static FILE *create(const char *folder, const char *name)
{
	char path[PATH_MAX];
	FILE *out;

	snprintf(path, sizeof(path), "%.2048s/%s", folder, name);
	out = fopen(path, "wbe");
	if (!out)
		run_fail(0, "%s: %s", path, strerror(errno));
	return out;
}

static int write_metadata(const struct ctf *ctf)
{
	FILE *out = create(ctf->folder, "metadata");

	if (!out)
		return -1;
	ctf_metadata(out, ctf->recording);
	return output_close(out, "metadata");
}

static int open_streams(struct ctf *ctf)
{
	char name[32];

	for (unsigned i = 0; i < stream_cpus(ctf->recording->stream); i++) {
		snprintf(name, sizeof(name), "stream_%u", i);
		ctf->cpus[i].out = create(ctf->folder, name);
		if (!ctf->cpus[i].out)
			return -1;
	}
	return 0;
}

static int close_streams(struct ctf *ctf)
{
	int err = 0;

	for (unsigned i = 0; i < TRACE_CPUS_MAX; i++) {
		struct cpu_file *f = &ctf->cpus[i];

		if (!f->out)
			continue;
		flush_packet(f, i);
		/* What was lost after the last record: a packet without any. */
		if (stream_lost(ctf->recording->stream, i) > f->discarded) {
			begin_packet(f, f->end, stream_lost(ctf->recording->stream, i));
			flush_packet(f, i);
		}
		if (f->failed)
			err = run_fail(-1, "%s/stream_%u: %s", ctf->folder, i, strerror(f->error));
		if (fclose(f->out) && !err)
			err = run_fail(-1, "%s/stream_%u: %s", ctf->folder, i, strerror(errno));
		free(f->data);
	}
	return err;
}

static int write_all(struct ctf *ctf)
{
	struct stream_record record;
	enum event_kind kind;
	int err;

	if ((mkdir(ctf->folder, 0777) && errno != EEXIST && run_fail(1, "%s: %s", ctf->folder, strerror(errno))) ||
	    clear_folder(ctf->folder) || write_metadata(ctf))
		return -1;
	err = open_streams(ctf);
	while (!err && recording_next(ctf->recording, &record, &kind))
		write_record(ctf, &record);
	return close_streams(ctf) || err ? -1 : 0;
}

int cmd_ctf(int argc, char **argv)
{
	static struct ctf ctf;
	struct recording recording;
	struct output_options options;
	int err = output_options_parse(&options, argc, argv, "ctf");

	if (err)
		return err;
	if (recording_open(&recording, options.folder))
		return EXIT_ENVIRONMENT;
	ctf = (struct ctf){ .recording = &recording, .folder = options.output };
	err = write_all(&ctf);
	if (!err)
		recording_conclude(&recording);
	recording_close(&recording);
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}
