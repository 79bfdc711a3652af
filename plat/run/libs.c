/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Libraries of a program: see libs.h. Names and search order: System V ABI, chapter 5, "Dynamic Linking"; $ORIGIN and
 * default folders: ld.so(8). The files are read, never run; everything in them is untrusted.
 */
#include "libs.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUEST_FOLDER "/lib/x86_64-linux-gnu" /* the first that Debian's linker looks in, cache or none */
#define LIBS_MAX 512

static const char *const default_folders[] = { GUEST_FOLDER, "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64",
					       "/lib",       "/usr/lib",                  NULL };

/* A search in progress: what is in the archive already, by guest path. */
struct search {
	struct cpio *cpio;
	char *missing;
	char *added[LIBS_MAX];
	size_t count;
};

/* A file in memory, as it is. */
struct object {
	const uint8_t *bytes;
	size_t size;
	const Elf64_Phdr *headers;
	size_t header_count;
	char origin[PATH_MAX]; /* its folder */
};

static int add_object(struct search *search, int fd, const char *path);

/* ---- reading ---- */

static const void *at(const struct object *object, uint64_t offset, uint64_t len)
{
	return offset <= object->size && len <= object->size - offset ? object->bytes + offset : NULL;
}

static int object_open(struct object *object, int fd, const char *path)
{
	const Elf64_Ehdr *header;
	const char *slash = strrchr(path, '/');
	struct stat st;

	memset(object, 0, sizeof(*object));
	snprintf(object->origin, sizeof(object->origin), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(*header))
		return -1;
	object->size = (size_t)st.st_size;
	object->bytes = mmap(NULL, object->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (object->bytes == MAP_FAILED) {
		object->bytes = NULL;
		return -1;
	}
	header = (const void *)object->bytes;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff % 8)
		return -1;
	object->header_count = header->e_phnum;
	object->headers = at(object, header->e_phoff, object->header_count * sizeof(Elf64_Phdr));
	return object->headers ? 0 : -1;
}

static void object_close(struct object *object)
{
	if (object->bytes)
		munmap((void *)(uintptr_t)object->bytes, object->size);
}

static const Elf64_Phdr *segment(const struct object *object, uint32_t type)
{
	for (size_t i = 0; i < object->header_count; i++)
		if (object->headers[i].p_type == type)
			return &object->headers[i];
	return NULL;
}

/* Where the file has what memory will have at that address; UINT64_MAX when nowhere. */
static uint64_t offset_of(const struct object *object, uint64_t address)
{
	for (size_t i = 0; i < object->header_count; i++) {
		const Elf64_Phdr *s = &object->headers[i];

		if (s->p_type == PT_LOAD && address - s->p_vaddr < s->p_filesz)
			return s->p_offset + (address - s->p_vaddr);
	}
	return UINT64_MAX;
}

/* A string of the file; NULL when it does not end in it. */
static const char *string_at(const struct object *object, uint64_t offset)
{
	const char *text = at(object, offset, 1);

	return text && memchr(text, 0, object->size - offset) ? text : NULL;
}

static const Elf64_Dyn *dynamic(const struct object *object, size_t *count)
{
	const Elf64_Phdr *s = segment(object, PT_DYNAMIC);

	*count = s ? s->p_filesz / sizeof(Elf64_Dyn) : 0;
	return s && s->p_offset % 8 == 0 ? at(object, s->p_offset, *count * sizeof(Elf64_Dyn)) : NULL;
}

/* The value of the n-th entry with that tag. */
static int dynamic_value(const struct object *object, int64_t tag, size_t n, uint64_t *value)
{
	size_t count;
	const Elf64_Dyn *entry = dynamic(object, &count);

	for (size_t i = 0; entry && i < count && entry[i].d_tag != DT_NULL; i++) {
		if (entry[i].d_tag != tag || n--)
			continue;
		*value = entry[i].d_un.d_val;
		return 0;
	}
	return -1;
}

static const char *dynamic_string(const struct object *object, int64_t tag, size_t n)
{
	uint64_t table, offset;

	if (dynamic_value(object, DT_STRTAB, 0, &table) || dynamic_value(object, tag, n, &offset))
		return NULL;
	table = offset_of(object, table);
	return table == UINT64_MAX || offset > object->size ? NULL : string_at(object, table + offset);
}

/* ---- finding ---- */

static int is_library(const char *path)
{
	uint8_t ident[EI_NIDENT + 4];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int fits = fd >= 0 && pread(fd, ident, sizeof(ident), 0) == sizeof(ident) && !memcmp(ident, ELFMAG, SELFMAG) &&
		   ident[EI_CLASS] == ELFCLASS64 && ident[18] == EM_X86_64;

	if (fd >= 0)
		close(fd);
	return fits;
}

static int try_folder(const char *folder, size_t folder_len, const char *name, char path[PATH_MAX])
{
	return (size_t)snprintf(path, PATH_MAX, "%.*s/%s", (int)folder_len, folder, name) < PATH_MAX &&
	       is_library(path);
}

/* A run path: folders between colons, $ORIGIN being the folder of the object that says so. */
static int try_run_path(const struct object *object, const char *folders, const char *name, char path[PATH_MAX])
{
	char folder[PATH_MAX];

	for (const char *end; *folders; folders = *end ? end + 1 : end) {
		size_t skip = 0;

		end = strchrnul(folders, ':');
		if (!strncmp(folders, "$ORIGIN", 7))
			skip = 7;
		else if (!strncmp(folders, "${ORIGIN}", 9))
			skip = 9;
		snprintf(folder, sizeof(folder), "%s%.*s", skip ? object->origin : "", (int)(end - folders - skip),
			 folders + skip);
		if (try_folder(folder, strlen(folder), name, path))
			return 1;
	}
	return 0;
}

/* The folders that /etc/ld.so.conf.d names: a line each. */
static int try_configured(const char *name, char path[PATH_MAX])
{
	glob_t files;
	int found = 0;

	if (glob("/etc/ld.so.conf.d/*.conf", 0, NULL, &files))
		return 0;
	for (size_t i = 0; i < files.gl_pathc && !found; i++) {
		FILE *file = fopen(files.gl_pathv[i], "re");
		char line[PATH_MAX];

		while (file && !found && fgets(line, sizeof(line), file))
			found = line[0] == '/' && try_folder(line, strcspn(line, " \t\n#"), name, path);
		if (file)
			fclose(file);
	}
	globfree(&files);
	return found;
}

/* True with its host path in path; *keeps: the guest looks for it there too. */
static int find(const struct object *object, const char *name, char path[PATH_MAX], int *keeps)
{
	const char *run_path = dynamic_string(object, DT_RUNPATH, 0) ?: dynamic_string(object, DT_RPATH, 0);

	*keeps = 1;
	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return is_library(path);
	}
	if (run_path && try_run_path(object, run_path, name, path))
		return 1;
	*keeps = 0;
	for (size_t i = 0; default_folders[i]; i++)
		if (try_folder(default_folders[i], strlen(default_folders[i]), name, path))
			return 1;
	return try_configured(name, path);
}

/* ---- adding ---- */

static int is_added(const struct search *search, const char *guest)
{
	for (size_t i = 0; i < search->count; i++)
		if (!strcmp(search->added[i], guest))
			return 1;
	return 0;
}

/* A host file, with what it needs in turn. */
static int add_file(struct search *search, const char *guest, const char *path)
{
	struct stat st;
	int fd, err;

	if (is_added(search, guest))
		return 0;
	if (search->count == LIBS_MAX || !(search->added[search->count] = strdup(guest))) {
		snprintf(search->cpio->error, sizeof(search->cpio->error), "more than %d libraries", LIBS_MAX);
		return -1;
	}
	search->count++;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		snprintf(search->cpio->error, sizeof(search->cpio->error), "%.150s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	st.st_mode |= 0755;
	err = cpio_add_file(search->cpio, guest, fd, &st) || add_object(search, fd, path) ? -1 : 0;
	close(fd);
	return err;
}

/* A library by the name that an object has for it; optional: it may be nowhere. */
static int add_library(struct search *search, const struct object *object, const char *name, int optional)
{
	char path[PATH_MAX], guest[PATH_MAX];
	int keeps;

	if (!find(object, name, path, &keeps)) {
		if (!optional)
			snprintf(search->missing, 256, "%s", name);
		return optional ? 0 : -1;
	}
	if (keeps)
		snprintf(guest, sizeof(guest), "%s", path);
	else
		snprintf(guest, sizeof(guest), GUEST_FOLDER "/%.200s", name);
	return add_file(search, guest, path);
}

static int add_needed(struct search *search, const struct object *object)
{
	const char *name;
	int err = 0;

	for (size_t i = 0; !err && (name = dynamic_string(object, DT_NEEDED, i)); i++) {
		err = add_library(search, object, name, 0);
		/* The C library itself loads this one when a thread is cancelled, by name. */
		if (!err && !strcmp(name, "libc.so.6"))
			err = add_library(search, object, "libgcc_s.so.1", 1);
	}
	return err;
}

/* What makes no sense is left to the kernel and the linker in the guest, who say so. */
static int add_object(struct search *search, int fd, const char *path)
{
	struct object object;
	const Elf64_Phdr *s;
	const char *interpreter;
	int err = 0;

	if (!object_open(&object, fd, path)) {
		s = segment(&object, PT_INTERP);
		interpreter = s ? string_at(&object, s->p_offset) : NULL;
		if (interpreter && interpreter[0] == '/' && strlen(interpreter) < PATH_MAX &&
		    !access(interpreter, R_OK))
			err = add_file(search, interpreter, interpreter);
		if (!err)
			err = add_needed(search, &object);
	}
	object_close(&object);
	return err;
}

int libs_add(struct cpio *cpio, int fd, const char *path, char missing[256])
{
	struct search search = { .cpio = cpio, .missing = missing };
	int err;

	missing[0] = '\0';
	err = add_object(&search, fd, path);
	while (search.count)
		free(search.added[--search.count]);
	return err;
}
