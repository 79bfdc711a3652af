/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-run: runs a program of this Linux machine on the Saki kernel, in QEMU, as if it had been started here.
 */
#include "run.h"

#include "app.h"
#include "cpio.h"
#include "lab.h"
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: saki run [OPTIONS] PROGRAM [ARGS...]\n"
	"       saki run [OPTIONS] --unit-tests [GLOB]\n"
	"\n"
	"Boots the Saki kernel in QEMU and runs PROGRAM on it: one of the catalogue by its name (python3, perl, ls;\n"
	"kernel/build/apps.py --list), fetched from Debian the first time; else an x86-64 program of this machine, by\n"
	"path or found in $PATH, with the libraries that it is linked to. Standard input and output are the\n"
	"program's; the kernel speaks on standard error.\n"
	"\n"
	"  --plat q35|pc|microvm  the machine (microvm)\n"
	"  --plat xen             a guest of Xen's: of the dom0 that this is, or of one in QEMU (make xen-lab)\n"
	"  --mem SIZE             its memory, such as 64M (the default; the catalogue's get more) or 1G\n"
	"  --smp N                its CPUs, 1 to 64 (1, or as SAKI_SMP says)\n"
	"  --cpu MODEL            what each is, as QEMU's -cpu says: max,-rdrand (max)\n"
	"  --memory-fd N          its memory is the file that is open as N, for who watches it (not on xen)\n"
	"  --records-fd N         on xen, in the place of that: what its trace rings tell goes to the file open as N\n"
	"  --outside FILE         and instead of the rings, samples from outside; see saki prof record --outside\n"
	"  --timeout S            end it after S seconds\n"
	"  --strace               print every system call, with its arguments and result, on standard error\n"
	"  --syscalls             print which system calls were made, how often, and which are missing\n"
	"  --allow-list FILE      no system calls but those in FILE: what --syscalls printed, or a name a line\n"
	"  --gdb                  wait for gdb before the first instruction; says how to connect\n"
	"  --append STR           more words for the kernel's command line, such as loglevel=3; may be repeated\n"
	"  --preset P             which build of the kernel (default)\n"
	"  --file HOST:GUEST      put a file or folder into the guest; may be repeated\n"
	"  --net user[,tcp:PORT:GUESTPORT...]  a network behind this machine; ports of it lead to the guest's\n"
	"  --net tap:NAME[,ADDRESS/BITS[,GATEWAY]]  a TAP interface of this machine\n"
	"  --net e1000:user... or e1000:tap:...  the same behind an Intel 82540EM (not on microvm)\n"
	"  --disk [nvme:]FILE[:GUEST][:ro]  an image of this machine's as /dev/vda or /dev/nvme0n1 (not on microvm);\n"
	"                         its ext2 or ext4 file system at GUEST\n"
	"  --volume HOST:GUEST[:ro][:virtiofs]  a folder of this machine's at GUEST; what is written there is written\n"
	"                         here. QEMU serves it by 9P, or virtiofsd, where it is installed, by virtio-fs\n"
	"  --console serial|virtio  what standard input and output are to the kernel (serial; virtio is much faster)\n"
	"  --balloon              a device through which this machine can take memory, by QEMU's monitor\n"
	"  --qmp SOCKET           where that listens (QEMU's \"QMP\")\n"
	"  --gdb-socket SOCKET    where QEMU's gdb stub listens; the machine does not wait for who connects\n"
	"  --qemu-plugin FILE[,ARGUMENT...]  a plugin of QEMU's emulator; see saki prof count\n"
	"  --no-rng               leave out the device that gives the kernel entropy\n"
	"  --unit-tests [GLOB]    run the kernel's own unit tests instead of a program\n"
	"  --prepare DIR          boot nothing: put kernel, initrd, line (the command line) and memory (MiB) into DIR\n"
	"  --stamps-fd N          say on the file that is open as N when each step to the machine has ended; see\n"
	"                         saki prof boot\n"
	"  --verbose              show QEMU's command line and messages, and more of the kernel's\n"
	"\n"
	"exit status: the program's; 128+N killed by signal N; 125 kernel panic; 124 time-out; 127 not found;\n"
	"126 refused (no x86-64 program); 123 environment (no QEMU, no image, no memory); 122 usage;\n"
	"130 interrupted\n"
	"\n"
	"example: saki run python3 -c 'print(6*7)'\n"
	"         saki run --plat q35 --timeout 10 /bin/busybox echo hello\n";

/* ---- what was asked for ---- */

enum {
	OPT_PLAT = 1000,
	OPT_MEM,
	OPT_MEMORY_FD,
	OPT_RECORDS_FD,
	OPT_OUTSIDE,
	OPT_SMP,
	OPT_TIMEOUT,
	OPT_APPEND,
	OPT_PRESET,
	OPT_FILE,
	OPT_DISK,
	OPT_VOLUME,
	OPT_NET,
	OPT_CPU,
	OPT_NO_RNG,
	OPT_BALLOON,
	OPT_QMP,
	OPT_GDB_SOCKET,
	OPT_QEMU_PLUGIN,
	OPT_CONSOLE,
	OPT_UNIT_TESTS,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_STRACE,
	OPT_SYSCALLS,
	OPT_ALLOW_LIST,
	OPT_GDB,
	OPT_PREPARE,
	OPT_STAMPS_FD
};

static const struct option long_options[] = {
	{ "plat", required_argument, NULL, OPT_PLAT },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "memory-fd", required_argument, NULL, OPT_MEMORY_FD },
	{ "records-fd", required_argument, NULL, OPT_RECORDS_FD },
	{ "outside", required_argument, NULL, OPT_OUTSIDE },
	{ "smp", required_argument, NULL, OPT_SMP },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "preset", required_argument, NULL, OPT_PRESET },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "volume", required_argument, NULL, OPT_VOLUME },
	{ "net", required_argument, NULL, OPT_NET },
	{ "console", required_argument, NULL, OPT_CONSOLE },
	{ "balloon", no_argument, NULL, OPT_BALLOON },
	{ "qmp", required_argument, NULL, OPT_QMP },
	{ "gdb-socket", required_argument, NULL, OPT_GDB_SOCKET },
	{ "qemu-plugin", required_argument, NULL, OPT_QEMU_PLUGIN },
	{ "no-rng", no_argument, NULL, OPT_NO_RNG },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "unit-tests", no_argument, NULL, OPT_UNIT_TESTS },
	{ "strace", no_argument, NULL, OPT_STRACE },
	{ "syscalls", no_argument, NULL, OPT_SYSCALLS },
	{ "allow-list", required_argument, NULL, OPT_ALLOW_LIST },
	{ "gdb", no_argument, NULL, OPT_GDB },
	{ "prepare", required_argument, NULL, OPT_PREPARE },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "stamps-fd", required_argument, NULL, OPT_STAMPS_FD },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

/* "64M", "1G", "65536K"; whole MiB. 0 when it is no size a machine can have. */
static uint64_t parse_memory(const char *text)
{
	unsigned long long n;
	int shift = 0;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end && strchr("kKmMgG", *end))
		shift = strchr("kK", *end) ? 10 : strchr("mM", *end) ? 20 : 30, end++;
	if (errno || end == text || *end || *text == '-' || n > (UINT64_C(1) << 40) >> shift)
		return 0;
	n <<= shift;
	return n < 16u << 20 || n % (1u << 20) ? 0 : n;
}

/* 0: not that. */
static unsigned parse_cpus(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end == text || *end || n < 1 || n > CPUS_MAX ? 0 : (unsigned)n;
}

/* Each --append adds to those before. */
static int append_words(struct run_options *o, const char *words)
{
	char *all;

	if (asprintf(&all, "%s%s%s", o->append ? o->append : "", o->append ? " " : "", words) < 0)
		return run_fail(RUN_ENVIRONMENT, "no memory");
	free(o->append);
	o->append = all;
	return 0;
}

static int option_set(struct run_options *o, int option, const char *value)
{
	char *end;

	switch (option) {
	case OPT_PLAT:
		o->plat = value;
		return qemu_knows_plat(value) || plat_is_xen(o)
			       ? 0
			       : run_fail(RUN_USAGE, "--plat %s: there is q35, pc, microvm and xen", value);
	case OPT_MEM:
		o->memory_bytes = parse_memory(value);
		return o->memory_bytes ? 0 : run_fail(RUN_USAGE, "--mem %s: whole MiB from 16M on, such as 64M", value);
	case OPT_MEMORY_FD: return memory_fd_parse(value, &o->memory_fd);
	case OPT_RECORDS_FD: return records_fd_parse(value, &o->records_fd);
	case OPT_OUTSIDE: o->outside = value; return 0;
	case OPT_SMP:
		o->cpus = parse_cpus(value);
		return o->cpus ? 0 : run_fail(RUN_USAGE, "--smp %s: 1 to %d CPUs", value, CPUS_MAX);
	case OPT_TIMEOUT:
		o->timeout_s = strtod(value, &end);
		return end != value && !*end && o->timeout_s > 0 && o->timeout_s < 1e9
			       ? 0
			       : run_fail(RUN_USAGE, "--timeout %s: seconds, more than 0", value);
	case OPT_APPEND: return append_words(o, value);
	case OPT_PRESET: o->preset = value; return 0;
	case OPT_FILE:
		if (o->file_count == RUN_FILES_MAX)
			return run_fail(RUN_USAGE, "--file: more than %d; a folder can be given too", RUN_FILES_MAX);
		o->files[o->file_count++] = value;
		return 0;
	case OPT_DISK: return disk_parse(value, &o->disk);
	case OPT_VOLUME:
		if (o->volume_count == QEMU_VOLUMES_MAX)
			return run_fail(RUN_USAGE, "--volume: more than %d", QEMU_VOLUMES_MAX);
		return volume_parse(value, &o->volumes[o->volume_count++]);
	case OPT_NET:
		o->net_is_e1000 = !strncmp(value, "e1000:", 6);
		o->net = value + (o->net_is_e1000 ? 6 : 0);
		return 0;
	case OPT_CPU: o->cpu = value; return 0;
	case OPT_CONSOLE:
		o->virtio_console = !strcmp(value, "virtio");
		return o->virtio_console || !strcmp(value, "serial")
			       ? 0
			       : run_fail(RUN_USAGE, "--console %s: serial or virtio", value);
	case OPT_BALLOON: o->balloon = 1; return 0;
	case OPT_QMP:
		o->qmp = value;
		return strchr(value, ',') ? run_fail(RUN_USAGE, "--qmp %s: no commas in its name", value) : 0;
	case OPT_GDB_SOCKET:
		o->gdb_socket = value;
		return strchr(value, ',') ? run_fail(RUN_USAGE, "--gdb-socket %s: no commas in its name", value) : 0;
	case OPT_QEMU_PLUGIN: o->plugin = value; return 0;
	case OPT_NO_RNG: o->no_rng = 1; return 0;
	case OPT_UNIT_TESTS: o->unit_tests = ""; return 0;
	case OPT_VERBOSE: o->verbose = 1; return 0;
	case OPT_STRACE: o->strace = 1; return 0;
	case OPT_SYSCALLS: o->syscalls = 1; return 0;
	case OPT_ALLOW_LIST: return allow_list_read(value, &o->allowed);
	case OPT_GDB: o->gdb = 1; return 0;
	case OPT_PREPARE: o->prepare = value; return 0;
	case OPT_STAMPS_FD: return stamps_open(value);
	default: return run_fail(RUN_USAGE, "see: saki run --help");
	}
}

/* -1 to go on; else an exit status. */
static int options_parse(struct run_options *o, int argc, char **argv)
{
	int option, status;

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return 0;
		}
		status = option_set(o, option, optarg);
		if (status)
			return status;
	}
	if (!o->cpus && getenv("SAKI_SMP") && option_set(o, OPT_SMP, getenv("SAKI_SMP")))
		return RUN_USAGE;
	o->program = argv + optind;
	if (!o->unit_tests)
		return *o->program ? -1 : run_fail(RUN_USAGE, "which program? See: saki run --help");
	if (*o->program)
		o->unit_tests = *o->program++;
	return *o->program ? run_fail(RUN_USAGE, "--unit-tests takes one GLOB") : -1;
}

/* ---- the machine ---- */

static void add_program_words(FILE *line, char *const *program, const struct app *app)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/bin/%s", program_base_name(program[0]));
	words_add(line, "init", app->program[0] ? app->program : path);
	words_add(line, "env", app->program[0] ? "PATH=/usr/bin:/usr/sbin" : "PATH=/bin:/sbin:/usr/bin:/usr/sbin");
	words_add(line, "env", "HOME=/");
	words_add(line, "env", "TERM=dumb");
	for (size_t i = 0; i < app->env_count; i++)
		words_add(line, "env", app->env[i]);
	words_add(line, NULL, "--");
	/* A recipe may be called otherwise than its program, which looks for itself by its first argument. */
	words_add(line, NULL, app->program[0] ? strrchr(app->program, '/') + 1 : *program);
	while (*++program)
		words_add(line, NULL, *program);
}

/* The kernel's command line; NULL after an error line. To be freed. */
static char *command_line(const struct run_options *o, const struct app *app, const char *devices, const char *net)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&text, &size);

	if (!line) {
		run_fail(0, "no memory");
		return NULL;
	}
	if (o->verbose)
		words_add(line, "loglevel", "2");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		words_add(line, "console", "pipe");
	if (o->virtio_console)
		words_add(line, "console", "hvc0");
	if (plat_is_xen(o))
		words_add(line, "console", "mux");
	if (o->strace)
		words_add(line, NULL, "strace");
	if (o->syscalls)
		words_add(line, NULL, "syscalls");
	if (o->allowed)
		words_add(line, "filter", o->allowed);
	if (*devices)
		fprintf(line, "%s%s", ftell(line) > 0 ? " " : "", devices);
	if (*net)
		words_add(line, "net", net);
	disk_words(line, &o->disk, o->plat);
	volume_words(line, o->volumes, o->volume_count);
	if (o->append)
		fprintf(line, "%s%s", ftell(line) > 0 ? " " : "", o->append);
	if (o->unit_tests)
		words_add(line, "test", o->unit_tests);
	else
		add_program_words(line, o->program, app);
	fclose(line);
	if (size <= WORDS_MAX)
		return text;
	run_fail(0, "arguments: %zu bytes on the kernel's command line, which holds %d", size, WORDS_MAX);
	free(text);
	return NULL;
}

/* Both ends of the pipes between us and the machine; ours go into the session. */
static int pipes_open(struct qemu_options *q, struct session *s)
{
	struct {
		int *ours, *theirs;
	} outputs[] = {
		{ &s->console_out_fd, &q->console_out_fd },
		{ &s->log_fd, &q->log_fd },
		{ &s->debug_fd, &q->debug_fd },
		{ &s->message_fd, &q->message_fd },
	};
	int ends[2];

	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (pipe2(ends, O_CLOEXEC))
			return run_fail(RUN_ENVIRONMENT, "no pipe: %s", strerror(errno));
		*outputs[i].ours = ends[0];
		*outputs[i].theirs = ends[1];
	}
	if (pipe2(ends, O_CLOEXEC))
		return run_fail(RUN_ENVIRONMENT, "no pipe: %s", strerror(errno));
	q->console_in_fd = ends[0];
	s->console_in_fd = ends[1];
	return 0;
}

static int wait_for_gdb(const struct run_options *o, const struct app *app, struct qemu_options *q)
{
	char path[PATH_MAX];
	int type = o->unit_tests ? 0 : program_type(app->program[0] ? app->host : o->program[0], path);

	q->gdb_port = gdb_choose_port();
	if (!q->gdb_port)
		return run_fail(RUN_ENVIRONMENT, "no free port for gdb: %s", strerror(errno));
	gdb_explain(q->gdb_port, q->kernel, o->unit_tests ? NULL : path, type);
	return 0;
}

/* What is the machine's now is not ours any more. */
static void close_given(struct qemu_options *q)
{
	close(q->console_in_fd);
	close(q->console_out_fd);
	close(q->log_fd);
	close(q->debug_fd);
	close(q->message_fd);
	for (size_t i = 0; i < QEMU_VOLUMES_MAX; i++)
		if (q->volumes[i].host && q->volumes[i].server_fd >= 0)
			close(q->volumes[i].server_fd);
}

static int machine_run(const struct run_options *o, const struct app *app, struct qemu_options *q)
{
	struct session session = { .name = o->unit_tests ? "the unit tests" : o->program[0],
				   .timeout_s = o->timeout_s,
				   .verbose = o->verbose,
				   .end_signal = plat_is_xen(o) && dom0_is_here() ? SIGTERM : SIGKILL,
				   .takes_input = o->virtio_console || plat_is_xen(o) };
	char error[QEMU_ERROR];
	int status = pipes_open(q, &session);

	if (!status && o->gdb)
		status = wait_for_gdb(o, app, q);
	if (!status)
		status = servers_start(o->volumes, o->volume_count, q);
	if (status) {
		servers_stop(0, o->verbose);
		return status;
	}
	if (o->verbose && session.end_signal != SIGTERM) {
		char *command = qemu_command(q);

		run_fail(0, "%s", command ? command : "no memory");
		free(command);
	}
	stamp("qemu");
	session.pid = session.end_signal == SIGTERM ? dom0_start(q, error) : qemu_start(q, error);
	close_given(q);
	status = session.pid < 0 ? run_fail(RUN_ENVIRONMENT, "%s", error) : session_run(&session);
	servers_stop(status == RUN_ENVIRONMENT, o->verbose);
	return status;
}

/* The initrd is there twice while it is unpacked; what a program needs goes with its size. */
static uint64_t memory_default(const struct app *app, uint64_t initrd_bytes)
{
	uint64_t bytes = parse_memory(app->memory);

	if (!app->program[0])
		return 64u << 20;
	return bytes ? bytes : (64 + 3 * (initrd_bytes >> 20)) << 20;
}

static int run(const struct run_options *o)
{
	struct qemu_options q = QEMU_OPTIONS_DEFAULT;
	char *line = NULL, *image = NULL, *backend = NULL, net_word[NET_WORD] = "";
	struct cpio cpio = { .fd = -1 };
	struct app app = { 0 };
	int status = plat_check(o);

	stamp("start");
	if (!status && !o->unit_tests)
		status = app_find(&app, o->program[0]);
	stamp("program");
	if (!status && o->net)
		status = net_parse(o->net, &backend, net_word);
	if (!status)
		status = initrd_make(&cpio, o, &app);
	if (status)
		goto out;
	stamp("initrd");
	status = RUN_USAGE;
	q.plat = o->plat;
	q.net_backend = backend;
	q.net_is_e1000 = o->net_is_e1000;
	q.cpu = o->cpu;
	q.virtio_console = o->virtio_console;
	q.balloon = o->balloon;
	q.qmp = o->qmp;
	q.gdb_socket = o->gdb_socket;
	q.plugin = o->plugin;
	q.rng = !o->no_rng;
	q.disk = o->disk.file[0] ? o->disk.file : NULL;
	q.disk_is_nvme = o->disk.is_nvme;
	q.disk_read_only = o->disk.read_only;
	for (size_t i = 0; i < o->volume_count; i++)
		q.volumes[i] = (struct qemu_volume){ o->volumes[i].host, o->volumes[i].read_only,
						     o->volumes[i].is_virtiofs, -1 };
	line = command_line(o, &app, qemu_device_words(&q), net_word);
	if (!line)
		goto out;
	status = RUN_ENVIRONMENT;
	image = image_path(o->preset);
	if (!image)
		goto out;
	stamp("kernel");
	q.kernel = image;
	q.command_line = line;
	q.cpus = o->cpus ? o->cpus : 1;
	q.memory_bytes = o->memory_bytes ? o->memory_bytes : memory_default(&app, cpio.size);
	q.initrd_fd = cpio.fd;
	q.records_fd = o->records_fd;
	q.outside = o->outside;
	/* On xen it stays empty, which tells whose it is. */
	if (o->memory_fd >= 0 && !plat_is_xen(o)) {
		q.memory_fd = o->memory_fd;
		status = memory_fd_size(o->memory_fd, o->memory_bytes, &q.memory_bytes);
		if (status)
			goto out;
		status = RUN_ENVIRONMENT;
	}
	if (o->prepare) {
		status = prepare_write(o->prepare, &q);
		goto out;
	}
	status = plat_is_xen(o) && !dom0_is_here() ? lab_prepare(&q) : 0;
	if (!status)
		status = machine_run(o, &app, &q);
out:
	lab_release(&q);
	free(image);
	free(line);
	free(backend);
	cpio_close(&cpio);
	return status;
}

int main(int argc, char **argv)
{
	static struct run_options options = {
		.plat = "microvm", .preset = "default", .memory_fd = -1, .records_fd = -1
	};
	int status = options_parse(&options, argc, argv);

	return status >= 0 ? status : run(&options);
}
