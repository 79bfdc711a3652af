/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of saki-run: what it was asked for, the kernel's command line, the image, and the session with the machine.
 */
#pragma once

#include "image.h"
#include "qemu.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Exit codes besides the program's own. */
enum run_status {
	RUN_USAGE = 122,
	RUN_ENVIRONMENT = 123,
	RUN_TIMEOUT = 124,
	RUN_PANIC = 125,
	RUN_REFUSED = 126,
	RUN_NOT_FOUND = 127,
	RUN_INTERRUPTED = 130,
	RUN_BROKEN_PIPE = 141,
};

#define RUN_FILES_MAX 64
#define VOLUME_GUEST_MAX 256

/* An image that becomes a disk. */
#define DISK_GUEST_MAX 255
struct disk {
	char file[PATH_MAX];	/* "": none */
	char guest[DISK_GUEST_MAX + 1];	/* where it is mounted; "": nowhere */
	int is_nvme, read_only;
};

/* A folder of this machine that the guest mounts. */
struct volume {
	char host[PATH_MAX];
	char guest[VOLUME_GUEST_MAX];
	int read_only, is_virtiofs;
};

struct run_options {
	const char *plat;
	const char *preset;
	uint64_t memory_bytes;  /* 0: as the program needs */
	int memory_fd;  /* the file that becomes it; -1: none */
	int records_fd;  /* xen: the file for what its trace rings tell; -1: none */
	const char *outside;  /* xen: or for samples from outside, as this file says; NULL: none */
	unsigned cpus;
	const char *cpu;  /* QEMU's name of it; NULL: max */
	double timeout_s;  /* 0: none */
	char *append;  /* NULL: none */
	struct disk disk;
	int net_is_e1000;
	const char *net;  /* as --net says; NULL: none */
	const char *qmp;  /* path of a socket; NULL: none */
	const char *gdb_socket, *plugin;  /* as struct qemu_options has them */
	int balloon, no_rng, virtio_console;
	char *allowed;  /* names of system calls with commas between them; NULL: all */
	const char *prepare;  /* a folder that gets what would be booted; NULL: it is booted */
	const char *unit_tests;  /* a glob, "" for all; NULL: no tests, a program */
	int verbose, strace, syscalls, gdb;
	const char *files[RUN_FILES_MAX]; /* HOST:GUEST */
	size_t file_count;
	struct volume volumes[QEMU_VOLUMES_MAX];
	size_t volume_count;
	char **program;   /* name and arguments, NULL at the end */
};

/**
 * words.c: adds a word to a kernel command line, escaped as kernel/boot.h says; of name=value both parts are given,
 * of a plain word name is NULL.
 */
void words_add(FILE *line, const char *name, const char *value);
#define WORDS_MAX 4095 /* bytes a command line may have */
#define CPUS_MAX 64 /* kernel/cpu.h */

/* allow.c: the names of the system calls in a file. @return 0 or an exit status, after an error line. */
int allow_list_read(const char *path, char **names);

/* stamps.c: 0, or RUN_USAGE after an error line; and the end of a step, where somebody wants to know. */
int stamps_open(const char *text);
void stamp(const char *step);

/* plat.c: 0 or an exit status, after an error line that says what the plat has not. */
int plat_check(const struct run_options *options);
int plat_is_xen(const struct run_options *options);

/* plat.c: a file that can be written to. @return 0 or an exit status, after an error line. */
int records_fd_parse(const char *text, int *fd);

/* memory.c: the number of a file that a machine's memory can be. @return 0 or an exit status, after an error line. */
int memory_fd_parse(const char *text, int *fd);
/*
 * An empty file is made as long as the machine's memory, *bytes; else its length is what the machine gets, and has to
 * be what was asked for (0: nothing was). @return 0 or an exit status, after an error line.
 */
int memory_fd_size(int fd, uint64_t asked, uint64_t *bytes);

/* initrd.c: the program, the catalogue's tree or both, and what goes with them. @return 0 or an exit status. */
struct app;
struct cpio;
int initrd_make(struct cpio *cpio, const struct run_options *o, const struct app *app);
/* The type of the ELF file that a program is (0: none), and its path. */
int program_type(const char *name, char path[PATH_MAX]);
const char *program_base_name(const char *path);

/* gdb.c: a port of loopback that is free now, 0 when there is none; and how to connect (program: NULL for none). */
int gdb_choose_port(void);
void gdb_explain(int port, const char *kernel, const char *program, int elf_type);

/*
 * net.c: what --net means: QEMU's backend, to be freed, and the kernel's word ("" for DHCP). @return 0 or an exit
 * status, after an error line.
 */
#define NET_WORD 64
int net_parse(const char *text, char **backend, char word[NET_WORD]);

/* disk.c: [nvme:]FILE[:GUEST][:ro] as --disk has it. @return 0 or an exit status, after an error line. */
int disk_parse(const char *spec, struct disk *disk);
/* The kernel's word to mount it, on that plat. */
void disk_words(FILE *line, const struct disk *disk, const char *plat);
/* volume.c: HOST:GUEST[:ro][:virtiofs] as --volume has it. @return 0 or an exit status, after an error line. */
int volume_parse(const char *spec, struct volume *volume);
/* The kernel's words for them: the n-th has the mount tag "volume<n>". */
void volume_words(FILE *line, const struct volume *volumes, size_t count);

/*
 * virtiofsd.c: starts the servers of volumes that want one, and gives the sockets that QEMU talks to them by, which are
 * the caller's. They end with QEMU, with the thread that started them, or by servers_stop(), which is to be called in
 * any case. @return 0 or an exit status, after an error line.
 */
int servers_start(const struct volume *volumes, size_t count, struct qemu_options *q);
/* True: one has ended. */
int servers_lost(void);
/* Ends all, and waits for that. explain: says what they said last; all: everything. */
void servers_stop(int explain, int all);

/* prepare.c: what would be booted, as files of a folder. @return 0 or an exit status, after an error line. */
int prepare_write(const char *folder, const struct qemu_options *options);

/* tool.c: runs a program, whose output goes to our stderr. @return its exit status, 127: it is not there; or -1. */
int tool_run(char *const argv[]);

/* session.c */
struct session {
	pid_t pid;
	const char *name;  /* of the program, for messages */
	double timeout_s;
	int verbose;
	int end_signal;  /* what ends it */
	int takes_input;  /* the console does from the start: it says nothing of it */
	/* Our ends of the pipes. The session closes them. */
	int console_in_fd, console_out_fd, log_fd, debug_fd, message_fd;
};

/* Carries everything back and forth until the machine ends or is ended. @return the exit status for our caller. */
int session_run(struct session *session);
