/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting QEMU. See qemu.h.
 */
#include "qemu_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "qemu-system-x86_64"
#define FD_LOWEST 10 /* descriptors that QEMU inherits are moved up to here, out of the way of 0, 1 and 2 */

/*
 * What each machine leaves out is what would only cost time: firmware tables, option ROMs, devices that nothing
 * drives.
 */
static const struct machine {
	const char *plat, *machine;
} machines[] = {
	{ "microvm", "microvm,acpi=off,pic=off,rtc=on,isa-serial=off,x-option-roms=off,auto-kernel-cmdline=off" },
	{ "q35", "q35,hpet=off,vmport=off,smm=off,i8042=on" },
	{ "pc", "pc,hpet=off,vmport=off,smm=off,i8042=on" },
};

static const char *machine_of(const char *plat)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i].plat, plat))
			return machines[i].machine;
	return NULL;
}

int qemu_knows_plat(const char *plat)
{
	return machine_of(plat) != NULL;
}

const char *qemu_find(void)
{
	static char found[PATH_MAX];
	const char *path = getenv("PATH") ?: "/usr/bin:/bin", *end;

	for (; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if ((size_t)snprintf(found, sizeof(found), "%.*s/" PROGRAM, (int)(end - path), path) < sizeof(found) &&
		    !access(found, X_OK))
			return found;
	}
	return NULL;
}

static int cpu_runs_guests(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[8192];
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "flags", 5) && (strstr(line, " vmx ") || strstr(line, " svm "));
	if (f)
		fclose(f);
	return found;
}

const char *qemu_accelerator(void)
{
	return cpu_runs_guests() && !access("/dev/kvm", R_OK | W_OK) ? "kvm" : "tcg";
}

/* ---- the command line ---- */

void args_add(struct args *args, const char *fmt, ...)
{
	va_list list;
	char *word;

	va_start(list, fmt);
	if (args->count + 1 >= ARGS_MAX || vasprintf(&word, fmt, list) < 0)
		args->failed = 1;
	else
		args->words[args->count++] = word;
	va_end(list);
}

static void args_free(struct args *args)
{
	while (args->count)
		free(args->words[--args->count]);
}

/* A server beside QEMU reads and writes the machine's memory. */
static int has_server(const struct qemu_options *o)
{
	for (int i = 0; i < QEMU_VOLUMES_MAX && o->volumes[i].host; i++)
		if (o->volumes[i].is_virtiofs)
			return 1;
	return 0;
}

/* Memory that others can have too. */
static void add_memory(struct args *args, const struct qemu_options *o)
{
	unsigned long long size = o->memory_bytes;

	if (o->memory_fd < 0 && !has_server(o))
		return;
	args_add(args, "-object");
	if (o->memory_fd >= 0)
		args_add(args, "memory-backend-file,id=ram,mem-path=/proc/self/fd/%d,share=on,size=%llu", o->memory_fd,
			 size);
	else
		args_add(args, "memory-backend-memfd,id=ram,share=on,size=%llu", size);
}

static void add_machine(struct args *args, const struct qemu_options *o)
{
	if (o->gdb_port) {
		args_add(args, "-S");
		args_add(args, "-gdb");
		args_add(args, "tcp:127.0.0.1:%d", o->gdb_port);
	}
	if (o->gdb_socket) {
		args_add(args, "-chardev");
		args_add(args, "socket,id=gdb,server=on,wait=off,path=%s", o->gdb_socket);
		args_add(args, "-gdb");
		args_add(args, "chardev:gdb");
	}
	if (o->plugin) {
		args_add(args, "-plugin");
		args_add(args, "%s", o->plugin);
	}
	args_add(args, "-machine");
	args_add(args, "%s%s", machine_of(o->plat), o->memory_fd >= 0 || has_server(o) ? ",memory-backend=ram" : "");
	args_add(args, "-accel");
	/* What a plugin counts is added up without care for other threads. */
	args_add(args, "%s", o->plugin ? "tcg,thread=single" : qemu_accelerator());
	args_add(args, "-cpu");
	args_add(args, "%s", o->cpu ? o->cpu : "max");
	args_add(args, "-m");
	args_add(args, "%lluM", (unsigned long long)(o->memory_bytes >> 20));
	if (o->cpus > 1) {
		args_add(args, "-smp");
		args_add(args, "%u", o->cpus);
	}
	add_memory(args, o);
}

/*
 * A device with a character device behind it that writes to fd; nothing when there is none, or a null one when
 * needed.
 */
static void add_output(struct args *args, const char *id, int fd, const char *device)
{
	if (fd < 0)
		return;
	args_add(args, "-chardev");
	args_add(args, "file,id=%s,path=/proc/self/fd/%d,append=on", id, fd);
	args_add(args, "-device");
	args_add(args, "%s,chardev=%s", device, id);
}

/* On microvm a device takes the last of eight places that is free; elsewhere it is found on PCI. */
static int has_places(const struct qemu_options *o)
{
	return !strcmp(o->plat, "microvm");
}

/* QEMU's standard input and output are the program's console; its file character devices have no input. */
static void add_console(struct args *args, const struct qemu_options *o)
{
	args_add(args, "-chardev");
	args_add(args, o->console_out_fd >= 0 ? "stdio,id=console,signal=off" : "null,id=console");
	if (o->virtio_console) {
		args_add(args, "-chardev");
		args_add(args, "null,id=null");
	}
	args_add(args, "-device");
	args_add(args, "isa-serial,index=0,chardev=%s", o->virtio_console ? "null" : "console");
}

/*
 * COM1 stays, with nothing behind it. The console is a port of that name and no virtconsole, of which QEMU loses what
 * the other end does not take at once.
 */
static void add_virtio_console(struct args *args, const struct qemu_options *o)
{
	if (!o->virtio_console)
		return;
	args_add(args, "-device");
	args_add(args, "%s", has_places(o) ? "virtio-serial-device,max_ports=2" : "virtio-serial-pci,max_ports=2");
	args_add(args, "-device");
	args_add(args, "virtserialport,chardev=console,name=console");
}

#define PLACES 8
#define PLACE_WORD 48 /* bytes one of the words takes, at most */

/* Devices that take a place. */
static unsigned places_taken(const struct qemu_options *o)
{
	unsigned volumes = 0;

	while (volumes < QEMU_VOLUMES_MAX && o->volumes[volumes].host)
		volumes++;
	return volumes + (o->net_backend != NULL) + (o->disk != NULL) + (o->rng != 0) + (o->virtio_console != 0) +
	       (o->balloon != 0);
}

const char *qemu_device_words(const struct qemu_options *o)
{
	static char words[PLACES * PLACE_WORD];
	unsigned count = has_places(o) ? places_taken(o) : 0;
	size_t len = 0;

	words[0] = '\0';
	for (unsigned i = 0; i < count && i < PLACES; i++)
		len += (size_t)snprintf(words + len, sizeof(words) - len, "%svirtio_mmio.device=512@%#x:%u",
					i ? " " : "", 0xfeb00000u + (PLACES - 1 - i) * 512, 5 + PLACES - 1 - i);
	return words;
}

static void add_disk(struct args *args, const struct qemu_options *o)
{
	if (!o->disk)
		return;
	args_add(args, "-drive");
	args_add(args, "if=none,id=disk,format=raw%s,file=%s", o->disk_read_only ? ",readonly=on" : "", o->disk);
	args_add(args, "-device");
	if (o->disk_is_nvme)
		args_add(args, "nvme,drive=disk,serial=saki");
	else
		args_add(args, "%s,drive=disk", has_places(o) ? "virtio-blk-device" : "virtio-blk-pci");
}

static void add_net(struct args *args, const struct qemu_options *o)
{
	if (!o->net_backend)
		return;
	args_add(args, "-netdev");
	args_add(args, "%s,id=net", o->net_backend);
	args_add(args, "-device");
	if (o->net_is_e1000)
		args_add(args, "e1000,netdev=net,romfile=");
	else
		args_add(args, "%s,netdev=net", has_places(o) ? "virtio-net-device" : "virtio-net-pci,romfile=");
}

static void add_rng(struct args *args, const struct qemu_options *o)
{
	if (!o->rng)
		return;
	args_add(args, "-device");
	args_add(args, "%s", has_places(o) ? "virtio-rng-device" : "virtio-rng-pci");
}

static void add_server(struct args *args, const struct qemu_options *o, int n)
{
	args_add(args, "-chardev");
	args_add(args, "socket,id=volume%d,fd=%d", n, o->volumes[n].server_fd);
	args_add(args, "-device");
	args_add(args, "%s,chardev=volume%d,tag=volume%d,queue-size=1024",
		 has_places(o) ? "vhost-user-fs-device" : "vhost-user-fs-pci", n, n);
}

/* In an option of QEMU's a comma is written twice. */
static void add_9p(struct args *args, const struct qemu_options *o, int n)
{
	const char *from = o->volumes[n].host;
	char path[2 * PATH_MAX], *to = path;

	while (*from && to < path + sizeof(path) - 2) {
		if (*from == ',')
			*to++ = ',';
		*to++ = *from++;
	}
	*to = '\0';
	args_add(args, "-fsdev");
	args_add(args, "local,id=volume%d,security_model=none,multidevs=remap%s,path=%s", n,
		 o->volumes[n].read_only ? ",readonly=on" : "", path);
	args_add(args, "-device");
	args_add(args, "%s,fsdev=volume%d,mount_tag=volume%d", has_places(o) ? "virtio-9p-device" : "virtio-9p-pci", n,
		 n);
}

static void add_balloon(struct args *args, const struct qemu_options *o)
{
	if (o->balloon) {
		args_add(args, "-device");
		args_add(args, "%s,deflate-on-oom=on", has_places(o) ? "virtio-balloon-device" : "virtio-balloon-pci");
	}
	if (o->qmp) {
		args_add(args, "-qmp");
		args_add(args, "unix:%s,server=on,wait=off", o->qmp);
	}
}

static void build_plat(struct args *args, const struct qemu_options *o)
{
	add_machine(args, o);
	add_console(args, o);
	add_output(args, "log", o->log_fd, "isa-serial,index=1");
	add_output(args, "debug", o->debug_fd, "isa-debugcon,iobase=0xe9");
	if (has_places(o) && places_taken(o)) {
		args_add(args, "-global");
		args_add(args, "virtio-mmio.force-legacy=false");
	}
	add_net(args, o);
	add_disk(args, o);
	add_rng(args, o);
	for (int i = 0; i < QEMU_VOLUMES_MAX && o->volumes[i].host; i++)
		(o->volumes[i].is_virtiofs ? add_server : add_9p)(args, o, i);
	add_virtio_console(args, o);
	add_balloon(args, o);
	args_add(args, "-device");
	args_add(args, "isa-debug-exit,iobase=0xf4,iosize=4");
	args_add(args, "-kernel");
	args_add(args, "%s", o->kernel);
	if (o->command_line) {
		args_add(args, "-append");
		args_add(args, "%s", o->command_line);
	}
	if (o->initrd_fd >= 0) {
		args_add(args, "-initrd");
		args_add(args, "/proc/self/fd/%d", o->initrd_fd);
	}
}

static void build(struct args *args, const char *program, const struct qemu_options *o)
{
	static const char *const fixed[] = { "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none" };

	args_add(args, "%s", program);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		args_add(args, "%s", fixed[i]);
	(o->build ?: build_plat)(args, o);
	args->words[args->count] = NULL;
}

char *qemu_command(const struct qemu_options *options)
{
	struct args args = { .count = 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	build(&args, PROGRAM, options);
	for (size_t i = 0; i < args.count; i++)
		fprintf(f, "%s%s", i ? " " : "", args.words[i]);
	fclose(f);
	args_free(&args);
	return text;
}

/* ---- the process ---- */

#define FDS (10 + QEMU_VOLUMES_MAX)

/* Duplicates whose numbers QEMU can be told; they are given up again after the fork. */
static int fds_move_up(struct qemu_options *o, int moved[FDS])
{
	int *fds[FDS] = { &o->memory_fd, &o->initrd_fd, &o->console_in_fd, &o->console_out_fd,
			  &o->log_fd,    &o->debug_fd,  &o->message_fd,    &o->records_fd,
			  &o->start_fd,  &o->kept_fd };

	for (int i = 0; i < QEMU_VOLUMES_MAX; i++) {
		if (!o->volumes[i].host || !o->volumes[i].is_virtiofs)
			o->volumes[i].server_fd = -1;
		fds[FDS - QEMU_VOLUMES_MAX + i] = &o->volumes[i].server_fd;
	}
	for (int i = 0; i < FDS; i++)
		moved[i] = -1;
	for (int i = 0; i < FDS; i++) {
		if (*fds[i] < 0)
			continue;
		moved[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, FD_LOWEST);
		if (moved[i] < 0)
			return -1;
		*fds[i] = moved[i];
	}
	return 0;
}

static void child_stream(int fd, int target)
{
	if (fd < 0)
		fd = open("/dev/null", target ? O_WRONLY : O_RDONLY);
	dup2(fd, target);
}

/*
 * QEMU's own start takes longer than the guest's, and a good part of it is page faults of its heap: in huge pages that
 * is a tenth less for a short run. (glibc manual, "Memory Allocation Tunables"; elsewhere the word means nothing.)
 */
#define TUNABLES "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.top_pad=8388608"

/* Our environment and the tunables, unless the user has set some. To be freed; NULL without memory. */
static char **environment(void)
{
	size_t count = 0;
	char **words;

	while (environ[count])
		count++;
	words = malloc((count + 2) * sizeof(*words));
	if (!words)
		return NULL;
	memcpy(words, environ, count * sizeof(*words));
	if (!getenv("GLIBC_TUNABLES"))
		words[count++] = (char *)TUNABLES;
	words[count] = NULL;
	return words;
}

/* In the child: nothing of ours reaches QEMU but what it was given. Only calls that are safe after a fork. */
static void child(const struct qemu_options *o, const int moved[FDS], char *const *words, char *const *env,
		  pid_t parent, int report)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	child_stream(o->console_in_fd, 0);
	child_stream(o->console_out_fd, 1);
	child_stream(o->message_fd, 2);
	for (int i = 0; i < FDS; i++)
		if (moved[i] >= 0)
			fcntl(moved[i], F_SETFD, 0);
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(words[0], words, env);
	if (write(report, &errno, sizeof(errno)) < 0)
		_exit(2);
	_exit(1);
}

/* The child's error from execve(), 0 when it runs. */
static int exec_error(int report)
{
	int err = 0;

	while (read(report, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	return err;
}

static pid_t spawn(const struct qemu_options *o, const int moved[FDS], char *const *words, char *error)
{
	pid_t parent = getpid(), pid;
	char **env = environment();
	int report[2], err;

	if (!env || pipe2(report, O_CLOEXEC)) {
		free(env);
		snprintf(error, QEMU_ERROR, "no pipe for QEMU: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid)
		child(o, moved, words, env, parent, report[1]);
	free(env);
	err = pid < 0 ? errno : 0;
	close(report[1]);
	if (pid > 0)
		err = exec_error(report[0]);
	close(report[0]);
	if (!err)
		return pid;
	snprintf(error, QEMU_ERROR, "%s cannot be started: %s", words[0], strerror(err));
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return -1;
}

pid_t qemu_start(const struct qemu_options *options, char *error)
{
	struct qemu_options o = *options;
	struct args args = { .count = 0 };
	const char *program = qemu_find();
	int moved[FDS];
	pid_t pid = -1;

	if (!program) {
		snprintf(error, QEMU_ERROR,
			 PROGRAM " is not in $PATH: install the package qemu-system-x86 (make deps)");
		return -1;
	}
	if (fds_move_up(&o, moved)) {
		snprintf(error, QEMU_ERROR, "no file descriptors left for QEMU: %s", strerror(errno));
		goto err_fds;
	}
	build(&args, program, &o);
	if (args.failed)
		snprintf(error, QEMU_ERROR, "no memory for QEMU's command line");
	else
		pid = spawn(&o, moved, args.words, error);
	args_free(&args);
err_fds:
	for (int i = 0; i < FDS; i++)
		if (moved[i] >= 0)
			close(moved[i]);
	return pid;
}

void qemu_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
