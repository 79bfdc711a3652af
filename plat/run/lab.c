/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lab: a machine in QEMU with Xen and a dom0 (plat/xen/lab/lab.py makes it), whose dom0 gets our kernel and what it
 * needs on a disk, and runs saki-domain (domain.c). Standard streams of that are virtio ports; disks and networks are
 * devices of dom0's, which it hands on. The machine goes on from a state that was kept of one that was up, or boots
 * where that has too little memory (plat/xen/lab/machine.py).
 */
#include "lab.h"

#include "cpio.h"
#include "qemu_internal.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* dom0 with nothing but its own initrd in it; and Xen, with its dom0's kernel and initrd before those are unpacked. */
#define DOM0_BYTES (288 * MIB)
#define XEN_BYTES (192 * MIB)

/* ---- what dom0 gets ---- */

static int lab_file(const char *name, char path[PATH_MAX])
{
	char build[PATH_MAX];

	if (image_build_dir(build) || (size_t)snprintf(path, PATH_MAX, "%s/%s", build, name) >= PATH_MAX)
		return run_fail(RUN_ENVIRONMENT, "cannot tell where the lab is");
	return 0;
}

/* Made first where there is a tree. */
static int lab_make(char kernel[PATH_MAX])
{
	const char *root = getenv("SAKI_ROOT");
	char tool[PATH_MAX], machine[PATH_MAX];

	if (root && *root && !getenv("SAKI_NO_BUILD")) {
		snprintf(tool, sizeof(tool), "%s/plat/xen/lab/lab.py", root);
		if (tool_run((char *[]){ tool, NULL }))
			return run_fail(RUN_ENVIRONMENT, "the lab cannot be made; see: make xen-lab");
	}
	if (lab_file("xen-lab/xen", kernel) || lab_file("xen-lab/machine", machine))
		return RUN_ENVIRONMENT;
	return access(machine, R_OK) ? run_fail(RUN_ENVIRONMENT, "%s: %s; run: make xen-lab", machine, strerror(errno))
				     : 0;
}

static int add_text(struct cpio *cpio, const char *name, const char *text)
{
	struct stat st = { .st_mode = S_IFREG | 0755, .st_size = (off_t)strlen(text) };
	int fd = memfd_create(name, MFD_CLOEXEC), err = -1;

	if (fd >= 0 && write(fd, text, strlen(text)) == st.st_size && !lseek(fd, 0, SEEK_SET))
		err = cpio_add_file(cpio, name, fd, &st);
	if (fd >= 0)
		close(fd);
	return err;
}

static int add_open(struct cpio *cpio, const char *name, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || lseek(fd, 0, SEEK_SET))
		return -1;
	st.st_mode = S_IFREG | 0755;
	return cpio_add_file(cpio, name, fd, &st);
}

static int add_path(struct cpio *cpio, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = add_open(cpio, name, fd);

	if (fd >= 0)
		close(fd);
	return err;
}

/* What reads the guest's memory, and has descriptor 4. */
static const char *reader_name(const struct qemu_options *o)
{
	return o->outside ? "saki-outside" : "saki-rings";
}

static int add_job(struct cpio *cpio, const struct qemu_options *o)
{
	/* As in the lab's init: a port has its name a moment after it is there. */
	static const char records[] = "for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n"
				      "\tfor port in /sys/class/virtio-ports/*; do\n"
				      "\t\tread -r name <\"$port/name\" && [ \"$name\" = records ] && break 2\n"
				      "\tdone 2>/dev/null\n"
				      "\tsleep 0.1\n"
				      "done\n"
				      "exec 4>\"/dev/${port##*/}\"\n";
	char run[1024], disk[128] = "", reader[64] = "";

	if (o->records_fd >= 0)
		snprintf(reader, sizeof(reader), " --records /job/%s %s", reader_name(o),
			 o->outside ? "/job/outside" : "''");
	if (o->disk)
		snprintf(disk, sizeof(disk), " \"disk=['vdev=xvda,format=raw,access=%s,script=saki-disk,target=%s']\"",
			 o->disk_read_only ? "ro" : "rw", "/dev/vdb");
	snprintf(run, sizeof(run),
		 "#!/bin/sh\n%sexec /job/saki-domain%s /job/saki.elf /job/line /job/initrd %llu%s%s\n",
		 o->records_fd >= 0 ? records : "", reader, (unsigned long long)(o->memory_bytes / MIB), disk,
		 o->net_backend ? " \"vif=['script=saki-vif,bridge=xenbr0']\"" : "");
	return add_text(cpio, "/job/run", run);
}

/* @return 0 or an exit status, after an error line */
static int find_reader(const struct qemu_options *o, char path[PATH_MAX])
{
	char name[64];
	int status;

	snprintf(name, sizeof(name), "tools/%s", reader_name(o));
	status = lab_file(name, path);
	if (status || !access(path, R_OK))
		return status;
	return run_fail(RUN_ENVIRONMENT, "%s: %s; run: make xen-lab tools", path, strerror(errno));
}

static int add_reader(struct cpio *cpio, const struct qemu_options *o, const char *path)
{
	char name[64];

	snprintf(name, sizeof(name), "/job/%s", reader_name(o));
	return add_path(cpio, name, path) || (o->outside && add_path(cpio, "/job/outside", o->outside));
}

/* ---- its machine ---- */

/* What QEMU is told (plat/xen/lab/machine.py), and how much memory there is, MiB. */
static struct {
	char lab[PATH_MAX];	/* the folder */
	char *words;		/* one a line */
	uint64_t memory, dom0;
} machine;

/* The first line says how much memory the kept state has. */
static int machine_read(void)
{
	unsigned long long memory, dom0;
	char path[PATH_MAX + 16];
	size_t capacity = 0;
	FILE *f;

	if (lab_file("xen-lab", machine.lab))
		return RUN_ENVIRONMENT;
	snprintf(path, sizeof(path), "%s/machine", machine.lab);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llu %llu\n", &memory, &dom0) != 2 || getdelim(&machine.words, &capacity, '\0', f) <= 0) {
		if (f)
			fclose(f);
		return run_fail(RUN_ENVIRONMENT, "%s is not the lab's; run: make xen-lab", path);
	}
	fclose(f);
	machine.memory = memory;
	machine.dom0 = dom0;
	return 0;
}

/* A word of the machine's, in which three names stand for what differs from one to another. */
static void add_word(struct args *args, const char *word, size_t len)
{
	const char *end = word + len;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	while (f && word < end) {
		if (!strncmp(word, "@LAB", 4)) {
			fputs(machine.lab, f);
			word += 4;
		} else if (!strncmp(word, "@MEMORY", 7)) {
			fprintf(f, "%llu", (unsigned long long)machine.memory);
			word += 7;
		} else if (!strncmp(word, "@DOM0", 5)) {
			fprintf(f, "%llu", (unsigned long long)machine.dom0);
			word += 5;
		} else {
			fputc(*word++, f);
		}
	}
	if (!f || fclose(f))
		args->failed = 1;
	else
		args_add(args, "%s", text);
	free(text);
}

static void add_machine(struct args *args)
{
	for (const char *word = machine.words, *end; *word; word = *end ? end + 1 : end) {
		end = strchrnul(word, '\n');
		add_word(args, word, (size_t)(end - word));
	}
}

/* A port whose other end is not there takes no output, as that of a null character device never is. */
static void add_output(struct args *args, const char *name, int fd)
{
	args_add(args, "-chardev");
	if (fd < 0)
		args_add(args, "file,id=%s,path=/dev/null", name);
	else
		args_add(args, "file,id=%s,path=/proc/self/fd/%d,append=on", name, fd);
}

static void add_drive(struct args *args, const char *name, const char *file, int read_only)
{
	args_add(args, "-drive");
	if (file)
		args_add(args, "if=none,id=%s,format=raw%s,file=%s", name, read_only ? ",readonly=on" : "", file);
	else
		args_add(args, "if=none,id=%s,driver=null-co,size=512", name);
}

/* What is behind the machine's devices, all of which are there always. */
static void add_behind(struct args *args, const struct qemu_options *o)
{
	char job[64];

	/* Xen's own console, and dom0's behind it. */
	add_output(args, "xen", o->message_fd);
	args_add(args, "-chardev");
	args_add(args, "stdio,id=console,signal=off");
	args_add(args, "-chardev");
	args_add(args, "socket,id=start,fd=%d", o->start_fd);
	add_output(args, "log", o->log_fd);
	add_output(args, "debug", o->debug_fd);
	add_output(args, "records", o->records_fd);
	add_output(args, "control", -1);
	add_output(args, "files", -1);
	snprintf(job, sizeof(job), "/proc/self/fd/%d", o->initrd_fd);
	add_drive(args, "job", job, 1);
	add_drive(args, "disk", o->disk, o->disk_read_only);
	args_add(args, "-netdev");
	args_add(args, "%s,id=net", o->net_backend ?: "hubport,hubid=0");
}

static void lab_build(struct args *args, const struct qemu_options *o)
{
	add_machine(args);
	add_behind(args, o);
	if (o->qmp) {
		args_add(args, "-qmp");
		args_add(args, "unix:%s,server=on,wait=off", o->qmp);
	}
	if (o->kept_fd >= 0) {
		args_add(args, "-incoming");
		args_add(args, "fd:%d", o->kept_fd);
	}
}

/* ---- its start ---- */

/* A state fits only the QEMU that wrote it, which its name says; an empty one is none. */
static int kept_open(void)
{
	const char *program = qemu_find();
	char path[PATH_MAX + 80];
	struct stat st;
	int fd;

	if (!program || stat(program, &st))
		return -1;
	snprintf(path, sizeof(path), "%s/kept.%llu.%lld.%lld", machine.lab, (unsigned long long)st.st_ino,
		 (long long)st.st_size, (long long)st.st_ctim.tv_sec);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !fstat(fd, &st) && st.st_size)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * dom0 has a job of so many bytes twice: it unpacks it, and makes the guest of what that was. Where it boots it is told
 * to have room for a third time.
 */
static void find_memory(struct qemu_options *o, uint64_t job_bytes)
{
	uint64_t job = (job_bytes + MIB - 1) / MIB, guest = o->memory_bytes / MIB + o->memory_bytes / MIB / 32;

	if (DOM0_BYTES / MIB + 2 * job <= machine.dom0 && XEN_BYTES / MIB + machine.dom0 + guest <= machine.memory)
		o->kept_fd = kept_open();
	if (o->kept_fd >= 0)
		return;
	machine.dom0 = DOM0_BYTES / MIB + 3 * job;
	machine.memory = machine.dom0 + XEN_BYTES / MIB + guest;
}

/* Bytes by which QEMU says what it does with an image, and what others may (block/file-posix.c). */
#define QEMU_LOCKS 100
#define QEMU_LOCKS_END 300

/* A machine that goes on opens its disk late: where it cannot, it stands still and does not end. */
static int disk_check(const struct qemu_options *o)
{
	struct flock held = { .l_type = F_WRLCK, .l_start = QEMU_LOCKS, .l_len = QEMU_LOCKS_END - QEMU_LOCKS };
	int fd, err;

	if (!o->disk)
		return 0;
	fd = open(o->disk, (o->disk_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	err = fd < 0 ? errno : 0;
	if (!err && !o->disk_read_only && !fcntl(fd, F_OFD_GETLK, &held) && held.l_type != F_UNLCK)
		err = EBUSY;
	if (fd >= 0)
		close(fd);
	return err ? run_fail(RUN_ENVIRONMENT, "%s: %s", o->disk,
			      err == EBUSY ? "another machine has it as its disk" : strerror(err))
		   : 0;
}

/* What dom0 waits for. Our end stays open: a port that is hung up takes nothing. */
static int start_open(struct qemu_options *o)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return run_fail(RUN_ENVIRONMENT, "no file descriptors left");
	o->start_fd = ends[1];
	if (dprintf(ends[0], "%lld%s\n", (long long)time(NULL), o->net_backend ? " net" : "") > 0)
		return 0;
	close(ends[0]);
	return run_fail(RUN_ENVIRONMENT, "the lab cannot be told to start: %s", strerror(errno));
}

int lab_prepare(struct qemu_options *o)
{
	static char kernel[PATH_MAX];
	char domain[PATH_MAX], reader[PATH_MAX];
	struct cpio cpio = { .fd = -1 };
	int status = lab_make(kernel);

	if (!status)
		status = machine_read();
	if (!status)
		status = disk_check(o);
	if (!status)
		status = lab_file("tools/saki-domain", domain);
	if (!status && o->records_fd >= 0)
		status = find_reader(o, reader);
	if (status)
		return status;
	if (cpio_open(&cpio) || add_path(&cpio, "/job/saki-domain", domain) ||
	    (o->records_fd >= 0 && add_reader(&cpio, o, reader)) || add_path(&cpio, "/job/saki.elf", o->kernel) ||
	    add_open(&cpio, "/job/initrd", o->initrd_fd) || add_text(&cpio, "/job/line", o->command_line) ||
	    add_job(&cpio, o) || cpio_finish(&cpio)) {
		status = run_fail(RUN_ENVIRONMENT, "what dom0 gets cannot be put together: %s", cpio.error);
		cpio_close(&cpio);
		return status;
	}
	o->build = lab_build;
	o->kernel = kernel;
	o->command_line = NULL;
	find_memory(o, cpio.size);
	o->initrd_fd = fcntl(cpio.fd, F_DUPFD_CLOEXEC, 0);
	cpio_close(&cpio);
	return o->initrd_fd < 0 ? run_fail(RUN_ENVIRONMENT, "no file descriptors left") : start_open(o);
}

void lab_release(struct qemu_options *o)
{
	int *fds[] = { &o->initrd_fd, &o->start_fd, &o->kept_fd };

	for (size_t i = 0; o->build == lab_build && i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
