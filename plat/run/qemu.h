/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting QEMU: the one place that knows its command line. Used by saki-run and by whatever else runs a booted image.
 *
 * The machine gets a debug console (port 0xe9) on which the kernel says "console\n" when COM1 takes input and "exit
 * N\n" as its last words, COM1 as the program's console and COM2 for the kernel log. A machine dies with the *thread*
 * that started it (PR_SET_PDEATHSIG), lives in a process group of its own (Ctrl-C is its starter's to handle), and is
 * waited for with waitpid() as any child.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define QEMU_VOLUMES_MAX 4 /* with one of each other device they fill the places of microvm */
#define QEMU_ERROR 256 /* bytes an error buffer must have */

/* A folder that the machine gets, as a device with the mount tag "volume<n>", n from 0 on. QEMU serves it by 9P. */
struct qemu_volume {
	const char *host; /* an absolute path; NULL: none, nor any after it */
	int read_only;
	int is_virtiofs;  /* or somebody else does, by virtio-fs: */
	int server_fd;   /* a socket that is connected to him */
};

struct args;
struct qemu_options;
/* Adds the words of a machine to QEMU's command line (qemu_internal.h). */
typedef void qemu_build_t(struct args *args, const struct qemu_options *options);

/* Descriptors stay the caller's; -1: none. They may be close-on-exec. */
struct qemu_options {
	const char *plat;  /* "q35", "pc" or "microvm" */
	qemu_build_t *build;  /* of another machine, such as the lab; NULL: of the plat */
	const char *kernel;  /* path of saki.elf */
	const char *command_line; /* the kernel's; may be NULL */
	uint64_t memory_bytes;  /* of the machine; whole MiB */
	unsigned cpus;
	const char *cpu;  /* as -cpu says; NULL: max */
	int memory_fd;   /* a memfd of that size that becomes the machine's memory (shared) */
	int initrd_fd;   /* a file */
	int console_in_fd;  /* COM1's input; see kernel/terminal.h */
	int console_out_fd;  /* COM1's output */
	int log_fd;   /* COM2's output */
	int debug_fd;   /* the debug console's output */
	int message_fd;   /* QEMU's own stderr */
	int records_fd;   /* lab: a file that gets what a guest's trace rings tell */
	int start_fd;   /* lab: a socket, behind its port "start" */
	int kept_fd;   /* lab: the state that it goes on from */
	const char *outside;  /* lab: what is sampled from outside instead, a file for saki-outside; NULL: nothing */
	const char *disk;  /* an image that becomes a disk; NULL: none */
	int disk_is_nvme;  /* else virtio's; needs PCI */
	int disk_read_only;
	int net_is_e1000;  /* else virtio's; needs PCI */
	const char *net_backend; /* QEMU's -netdev, without its id: "user,hostfwd=..."; NULL: no network device */
	int virtio_console; /* console_in_fd and console_out_fd are a virtio console's, not COM1's */
	int balloon;   /* virtio's, which gives back when the guest is short of memory */
	const char *qmp;  /* path of a socket that QEMU's monitor listens at; NULL: none */
	int rng;   /* virtio's entropy device, fed by this machine */
	struct qemu_volume volumes[QEMU_VOLUMES_MAX];
	const char *gdb_socket;  /* path of a socket that QEMU's gdb stub listens at; NULL: none */
	const char *plugin;  /* a plugin of QEMU's emulator, with its arguments, which also keeps KVM out; NULL: none */
	int gdb_port;   /* of loopback: the machine waits there for gdb before it starts; 0: it does not */
};

/* All descriptors -1, plat microvm, 64 MiB. */
#define QEMU_OPTIONS_DEFAULT                                                                                           \
	{ .plat = "microvm",                                                                                           \
	  .memory_bytes = 64u << 20,                                                                                   \
	  .cpus = 1,                                                                                                   \
	  .memory_fd = -1,                                                                                             \
	  .initrd_fd = -1,                                                                                             \
	  .console_in_fd = -1,                                                                                         \
	  .console_out_fd = -1,                                                                                        \
	  .log_fd = -1,                                                                                                \
	  .debug_fd = -1,                                                                                              \
	  .message_fd = -1,                                                                                            \
	  .records_fd = -1,                                                                                            \
	  .start_fd = -1,                                                                                              \
	  .kept_fd = -1 }

/*
 * What the kernel has to be told of the devices that a machine gets, as words of its command line; "" where it finds
 * them. Static memory.
 */
const char *qemu_device_words(const struct qemu_options *options);

/* True for the machines that can be started. */
int qemu_knows_plat(const char *plat);

/* The path of QEMU in $PATH, or NULL. Static memory. */
const char *qemu_find(void);

/* "kvm" where the CPU can run guests itself and /dev/kvm is ours to use; else "tcg", which beats an emulated kvm. */
const char *qemu_accelerator(void);

/**
 * Starts a machine.
 *
 * @param error	a buffer of QEMU_ERROR bytes: one line that says why not
 * @return its process id; -1 with the reason in error.
 */
pid_t qemu_start(const struct qemu_options *options, char *error);

/* Kills it and waits for its end. */
void qemu_kill(pid_t pid);

/* One line with the command that qemu_start() would run, for people. To be freed. NULL when there is no memory. */
char *qemu_command(const struct qemu_options *options);
