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

/* dom0 with nothing but itself in it; and Xen, with its dom0's kernel before that is unpacked. */
#define DOM0_BYTES (256 * MIB)
#define XEN_BYTES (176 * MIB)

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

/* MiB */
static struct {
	uint64_t memory, dom0;
} size;

/* A word of the machine's, in which three names stand for what differs from one to another. */
static void add_word(struct args *args, const char *word, const char *lab)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	while (f && *word) {
		if (!strncmp(word, "@LAB", 4))
			word += fprintf(f, "%s", lab) < 0 ? 0 : 4;
		else if (!strncmp(word, "@MEMORY", 7))
			word += fprintf(f, "%llu", (unsigned long long)size.memory) < 0 ? 0 : 7;
		else if (!strncmp(word, "@DOM0", 5))
			word += fprintf(f, "%llu", (unsigned long long)size.dom0) < 0 ? 0 : 5;
		else
			fputc(*word++, f);
	}
	if (!f || fclose(f))
		args->failed = 1;
	else
		args_add(args, "%s", text);
	free(text);
}

/* The first line says how much memory the kept state has. */
static FILE *machine_open(const char *lab, unsigned long long *memory, unsigned long long *dom0)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/machine", lab);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu %llu\n", memory, dom0) == 2)
		return f;
	if (f)
		fclose(f);
	return NULL;
}

static void add_machine(struct args *args, const char *lab)
{
	unsigned long long memory, dom0;
	FILE *f = machine_open(lab, &memory, &dom0);
	size_t capacity = 0;
	char *line = NULL;

	args->failed |= !f;
	while (f && getline(&line, &capacity, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		add_word(args, line, lab);
	}
	free(line);
	if (f)
		fclose(f);
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
	char lab[PATH_MAX];

	snprintf(lab, sizeof(lab), "%.*s", (int)(strrchr(o->kernel, '/') - o->kernel), o->kernel);
	add_machine(args, lab);
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

/* It fits only the QEMU that wrote it. */
static int kept_open(const char *lab)
{
	const char *program = qemu_find();
	struct stat installed, kept;
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/kept", lab);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && program && !stat(program, &installed) && !fstat(fd, &kept) &&
	    installed.st_ctim.tv_sec < kept.st_mtim.tv_sec)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * dom0 has a job of so many bytes twice: it unpacks it, and makes the guest of what that was. Where it boots it is told
 * to have room for a third time.
 */
static int find_size(struct qemu_options *o, const char *lab, uint64_t job_bytes)
{
	uint64_t job = (job_bytes + MIB - 1) / MIB, guest = o->memory_bytes / MIB + o->memory_bytes / MIB / 32;
	unsigned long long memory, dom0;
	FILE *f = machine_open(lab, &memory, &dom0);

	if (!f)
		return run_fail(RUN_ENVIRONMENT, "%s/machine is not the lab's; run: make xen-lab", lab);
	fclose(f);
	size.memory = memory;
	size.dom0 = dom0;
	o->kept_fd = -1;
	if (DOM0_BYTES / MIB + 2 * job <= dom0 && XEN_BYTES / MIB + dom0 + job + guest <= memory)
		o->kept_fd = kept_open(lab);
	if (o->kept_fd < 0) {
		size.dom0 = DOM0_BYTES / MIB + 3 * job;
		size.memory = size.dom0 + XEN_BYTES / MIB + job + guest;
	}
	return 0;
}

/* What dom0 waits for (plat/xen/lab/machine.py). Our end stays open: a port that is hung up takes nothing. */
static int start_open(struct qemu_options *o)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	o->start_fd = ends[1];
	if (dprintf(ends[0], "%lld%s\n", (long long)time(NULL), o->net_backend ? " net" : "") < 0)
		return -1;
	return 0;
}

int lab_prepare(struct qemu_options *o)
{
	static char kernel[PATH_MAX];
	char lab[PATH_MAX], domain[PATH_MAX], reader[PATH_MAX];
	struct cpio cpio = { .fd = -1 };
	int status = lab_make(kernel);

	if (!status)
		status = lab_file("xen-lab", lab);
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
	o->initrd_fd = fcntl(cpio.fd, F_DUPFD_CLOEXEC, 0);
	status = find_size(o, lab, cpio.size);
	cpio_close(&cpio);
	if (!status && (o->initrd_fd < 0 || start_open(o)))
		status = run_fail(RUN_ENVIRONMENT, "no file descriptors left");
	return status;
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
