/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lab: a machine in QEMU with Xen and a dom0 (plat/xen/lab/lab.py makes it), whose dom0 gets our kernel and what it
 * needs behind its own initrd, and runs saki-domain (domain.c). Standard streams of that are virtio ports; disks and
 * networks are devices of dom0's, which it hands on.
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
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* As lab.py says: without smap dom0 dies at an iretq, with monitor Xen panics in mwait; registers get lost. */
#define CPU "EPYC,-smap,-monitor"

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
static int lab_make(char kernel[PATH_MAX], char initrd[PATH_MAX])
{
	const char *root = getenv("SAKI_ROOT");
	char tool[PATH_MAX];

	if (root && *root && !getenv("SAKI_NO_BUILD")) {
		snprintf(tool, sizeof(tool), "%s/plat/xen/lab/lab.py", root);
		if (tool_run((char *[]){ tool, NULL }))
			return run_fail(RUN_ENVIRONMENT, "the lab cannot be made; see: make xen-lab");
	}
	if (lab_file("xen-lab/xen", kernel) || lab_file("xen-lab/initrd", initrd))
		return RUN_ENVIRONMENT;
	return access(initrd, R_OK) ? run_fail(RUN_ENVIRONMENT, "%s: %s; run: make xen-lab", initrd, strerror(errno))
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
			 o->disk_read_only ? "ro" : "rw", "/dev/vda");
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

static void add_port(struct args *args, const char *name)
{
	args_add(args, "-device");
	args_add(args, "virtserialport,chardev=%s,name=%s", name, name);
}

static void add_output(struct args *args, const char *name, int fd)
{
	args_add(args, "-chardev");
	if (fd < 0)
		args_add(args, "null,id=%s", name);
	else
		args_add(args, "file,id=%s,path=/proc/self/fd/%d,append=on", name, fd);
}

static void add_streams(struct args *args, const struct qemu_options *o)
{
	/* Xen's own console, and dom0's behind it. */
	add_output(args, "xen", o->message_fd);
	args_add(args, "-serial");
	args_add(args, "chardev:xen");
	args_add(args, "-device");
	args_add(args, "virtio-serial-pci");
	args_add(args, "-chardev");
	args_add(args, "stdio,id=console,signal=off");
	add_output(args, "log", o->log_fd);
	add_output(args, "debug", o->debug_fd);
	add_port(args, "console");
	add_port(args, "log");
	add_port(args, "debug");
	if (o->records_fd < 0)
		return;
	add_output(args, "records", o->records_fd);
	add_port(args, "records");
}

static void add_devices(struct args *args, const struct qemu_options *o)
{
	if (o->net_backend) {
		args_add(args, "-netdev");
		args_add(args, "%s,id=net", o->net_backend);
		args_add(args, "-device");
		args_add(args, "virtio-net-pci,netdev=net,romfile=");
	}
	if (o->disk) {
		args_add(args, "-drive");
		args_add(args, "if=none,id=disk,format=raw%s,file=%s", o->disk_read_only ? ",readonly=on" : "",
			 o->disk);
		args_add(args, "-device");
		args_add(args, "virtio-blk-pci,drive=disk");
	}
	if (o->qmp) {
		args_add(args, "-qmp");
		args_add(args, "unix:%s,server=on,wait=off", o->qmp);
	}
}

/* dom0 has its initrd twice while it unpacks it, and the guest's part a third time while it makes the guest. */
static void lab_build(struct args *args, const struct qemu_options *o)
{
	struct stat st = { .st_size = 0 };
	uint64_t initrd, dom0, machine;

	fstat(o->initrd_fd, &st);
	initrd = ((uint64_t)st.st_size + MIB - 1) & ~(MIB - 1);
	dom0 = DOM0_BYTES + 3 * initrd;
	machine = dom0 + XEN_BYTES + initrd + o->memory_bytes + o->memory_bytes / 32;
	args_add(args, "-accel");
	args_add(args, "tcg,thread=multi");
	args_add(args, "-cpu");
	args_add(args, CPU);
	args_add(args, "-m");
	args_add(args, "%lluM", (unsigned long long)(machine / MIB));
	add_streams(args, o);
	add_devices(args, o);
	args_add(args, "-kernel");
	args_add(args, "%s", o->kernel);
	args_add(args, "-append");
	args_add(args,
		 "console=com1 com1=115200,8n1 dom0_mem=%lluM,max:%lluM dom0_max_vcpus=1 loglvl=warning "
		 "guest_loglvl=error spec-ctrl=eager-fpu",
		 (unsigned long long)(dom0 / MIB), (unsigned long long)(dom0 / MIB));
	args_add(args, "-initrd");
	args_add(args, "%.*s/vmlinux console=hvc0 rdinit=/init quiet,/proc/self/fd/%d",
		 (int)(strrchr(o->kernel, '/') - o->kernel), o->kernel, o->initrd_fd);
}

int lab_prepare(struct qemu_options *o, int *fd)
{
	static char kernel[PATH_MAX];
	char initrd[PATH_MAX], domain[PATH_MAX], reader[PATH_MAX];
	struct cpio cpio = { .fd = -1 };
	int status = lab_make(kernel, initrd);

	if (!status)
		status = lab_file("tools/saki-domain", domain);
	if (!status && o->records_fd >= 0)
		status = find_reader(o, reader);
	if (status)
		return status;
	if (cpio_open(&cpio) || cpio_add_archive(&cpio, initrd) || add_path(&cpio, "/job/saki-domain", domain) ||
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
	o->initrd_fd = *fd = fcntl(cpio.fd, F_DUPFD_CLOEXEC, 0);
	cpio_close(&cpio);
	return *fd < 0 ? run_fail(RUN_ENVIRONMENT, "no file descriptors left") : 0;
}
