/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The initrd: the program with what it needs, or a tree of the catalogue's, and the files that were given with it.
 */
#include "app.h"
#include "cpio.h"
#include "libs.h"
#include "run.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the program ---- */

/*
 * An open program; or -1 with errno, of the most telling failure. A bare name is looked up in $PATH, as a shell does.
 */
static int program_open(const char *name, char full[PATH_MAX])
{
	const char *path = getenv("PATH") ?: "/usr/bin:/bin", *end;
	int fd = -1;

	if (strchr(name, '/') || !*name) {
		snprintf(full, PATH_MAX, "%s", name);
		return open(name, O_RDONLY | O_CLOEXEC);
	}
	for (errno = ENOENT; fd < 0 && *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		snprintf(full, PATH_MAX, "%.*s/%s", (int)(end - path), path, name);
		if (!access(full, X_OK))
			fd = open(full, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

/* The kernel looks closer; this is what would make no sense to boot for. @return 0 or an exit status. */
static int program_check(const char *name, int fd, struct stat *st)
{
	Elf64_Ehdr header;

	if (fstat(fd, st))
		return run_fail(RUN_NOT_FOUND, "%s: %s", name, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return run_fail(RUN_REFUSED, "%s is not a regular file", name);
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG))
		return run_fail(RUN_REFUSED, "%s is not an ELF program", name);
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64)
		return run_fail(RUN_REFUSED, "%s is not a program for x86-64", name);
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return run_fail(RUN_REFUSED, "%s is an ELF file, but not a program", name);
	return 0;
}

const char *program_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int program_type(const char *name, char path[PATH_MAX])
{
	Elf64_Ehdr header = { 0 };
	int fd = program_open(name, path);

	if (fd < 0)
		return 0;
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		header.e_type = 0;
	close(fd);
	return header.e_type;
}

/* ---- the initrd ---- */

/* In the catalogue's trees /bin and the like are links, which a folder of that name would take the place of. */
static const char *merged_prefix(const char *guest)
{
	static const char *const links[] = { "bin", "lib", "lib64", "sbin" };
	size_t len = strcspn(guest + 1, "/");

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (strlen(links[i]) == len && !strncmp(guest + 1, links[i], len))
			return "/usr";
	return "";
}

static int add_given(struct cpio *cpio, const char *spec, int merged)
{
	const char *colon = strrchr(spec, ':');
	char host[PATH_MAX], real[PATH_MAX], guest[PATH_MAX];

	if (!colon || colon == spec || colon[1] != '/')
		return run_fail(RUN_USAGE, "--file %s: wants HOST:GUEST, with an absolute GUEST", spec);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - spec), spec);
	snprintf(guest, sizeof(guest), "%s%s", merged ? merged_prefix(colon + 1) : "", colon + 1);
	while (guest[1] && guest[strlen(guest) - 1] == '/')
		guest[strlen(guest) - 1] = '\0';
	if (!realpath(host, real))
		return run_fail(RUN_NOT_FOUND, "--file %s: %s", host, strerror(errno));
	return cpio_add_tree(cpio, guest, real) ? run_fail(RUN_ENVIRONMENT, "%s", cpio->error) : 0;
}

static int add_program(struct cpio *cpio, const char *name)
{
	char guest[PATH_MAX], host[PATH_MAX], missing[256];
	int fd = program_open(name, host), status;
	struct stat st;

	if (fd < 0)
		return run_fail(errno == EACCES ? RUN_REFUSED : RUN_NOT_FOUND, "%s: %s", name, strerror(errno));
	status = program_check(name, fd, &st);
	snprintf(guest, sizeof(guest), "/bin/%s", program_base_name(name));
	st.st_mode |= 0755;
	if (!status && cpio_add_file(cpio, guest, fd, &st))
		status = run_fail(RUN_ENVIRONMENT, "%s", cpio->error);
	if (!status && libs_add(cpio, fd, host, missing))
		status = missing[0] ? run_fail(RUN_NOT_FOUND, "%s needs %s, which is nowhere here", name, missing)
				    : run_fail(RUN_ENVIRONMENT, "%s", cpio->error);
	close(fd);
	return status;
}

/* Where names are looked up on QEMU's own network. */
static int add_resolver(struct cpio *cpio)
{
	static const char text[] = "nameserver 10.0.2.3\n";
	int fd = memfd_create("resolv.conf", MFD_CLOEXEC), status = 0;
	struct stat st;

	if (fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1 || lseek(fd, 0, SEEK_SET) || fstat(fd, &st))
		status = run_fail(RUN_ENVIRONMENT, "no memory: %s", strerror(errno));
	st.st_mode = S_IFREG | 0644;
	if (!status && cpio_add_file(cpio, "/etc/resolv.conf", fd, &st))
		status = run_fail(RUN_ENVIRONMENT, "%s", cpio->error);
	if (fd >= 0)
		close(fd);
	return status;
}

int initrd_make(struct cpio *cpio, const struct run_options *o, const struct app *app)
{
	int status = 0, in_catalogue = app->program[0] != '\0';

	if (cpio_open(cpio))
		return run_fail(RUN_ENVIRONMENT, "%s", cpio->error);
	if (in_catalogue ? cpio_add_archive(cpio, app->initrd)
			 : cpio_add_dir(cpio, "/bin", 0755) || cpio_add_dir(cpio, "/tmp", 01777))
		return run_fail(RUN_ENVIRONMENT, "%s", cpio->error);
	if (!o->unit_tests && !in_catalogue)
		status = add_program(cpio, o->program[0]);
	if (!status && o->net && !strncmp(o->net, "user", 4))
		status = add_resolver(cpio);
	for (size_t i = 0; i < o->file_count && !status; i++)
		status = add_given(cpio, o->files[i], in_catalogue);
	if (!status && cpio_finish(cpio))
		status = run_fail(RUN_ENVIRONMENT, "%s", cpio->error);
	return status;
}
