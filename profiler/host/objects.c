/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding the files that were sampled, and the cache that a recording keeps of them: see objects.h.
 */
#include "objects.h"

#include "elf_file.h"
#include "kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

void objects_build_id_path(const uint8_t *build_id, size_t size, char path[BUILD_ID_PATH])
{
	size_t at = 0;

	for (size_t i = 0; i < size && i < BUILD_ID_MAX; i++)
		at += (size_t)snprintf(path + at, BUILD_ID_PATH - at, i == 1 ? "/%02x" : "%02x", build_id[i]);
	if (size == 1)
		snprintf(path + at, BUILD_ID_PATH - at, "/");
}

char *objects_debug_dir(const char *file)
{
	size_t size = strlen(file) + sizeof(".debug");
	char *dir = memory_new(size, 1);

	snprintf(dir, size, "%s.debug", file);
	return dir;
}

/* ---- finding ---- */

static bool same_build_id(const struct profile_object *object, struct elf_file *elf)
{
	uint8_t id[BUILD_ID_MAX];
	size_t size = elf_file_build_id(elf, id);

	return !object->build_id_size || (size == object->build_id_size && !memcmp(id, object->build_id, size));
}

static struct elf_file *open_right(const struct profile_object *object, const char *path)
{
	char error[PROFILE_ERROR];
	struct elf_file *elf = elf_file_open(path, error);

	if (!elf || same_build_id(object, elf))
		return elf;
	elf_file_close(elf);
	return NULL;
}

static void look_in_cache(struct profile_object *object, const char *dir)
{
	static const char *const kinds[] = { "elf", "vdso", "kallsyms" };
	char path[PATH_MAX], id[BUILD_ID_PATH];

	if (!dir || !object->build_id_size)
		return;
	objects_build_id_path(object->build_id, object->build_id_size, id);
	for (size_t i = 0; i < 3 && !object->elf && !object->kallsyms; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/.build-id/%s/%s", dir, id, kinds[i]) >= sizeof(path))
			return;
		if (i < 2)
			object->elf = open_right(object, path);
		else if (object->is_kernel)
			object->kallsyms = kallsyms_open(path);
	}
}

static void tell_missing(struct profile *p, struct profile_object *object)
{
	const char *path = profile_text(p, object->path);

	if (object->missing_told || (*path != '/' && !object->reference) || path[1] == '/')
		return;
	object->missing_told = true;
	fprintf(stderr, "saki-prof: %s: %s; its addresses stand for its functions\n", path,
		access(path, R_OK) ? "not found" : "not the file that was recorded");
}

/* What is mapped without a file of its own is neither looked for nor missed. */
struct elf_file *objects_elf(struct profile *p, uint32_t index)
{
	struct profile_object *object = &p->objects[index];
	const char *path = profile_text(p, object->path);
	char home[PATH_MAX];
	uint64_t linked;

	if (object->looked_for)
		return object->elf;
	object->looked_for = true;
	look_in_cache(object, p->debug_dir);
	if (!object->elf && getenv("HOME") &&
	    (size_t)snprintf(home, sizeof(home), "%s/.debug", getenv("HOME")) < sizeof(home))
		look_in_cache(object, home);
	if (!object->elf && !object->kallsyms && *path == '/' && path[1] != '/')
		object->elf = open_right(object, path);
	if (!object->elf && !object->kallsyms)
		tell_missing(p, object);
	if (object->elf && object->is_kernel && elf_file_find(object->elf, profile_text(p, object->reference), &linked))
		object->slide = object->reference_at - linked;
	return object->elf;
}

/* ---- names ---- */

uint64_t objects_address(struct profile *p, uint32_t index, uint64_t offset)
{
	struct elf_file *elf = objects_elf(p, index);
	struct profile_object *object = &p->objects[index];
	uint64_t address;

	if (object->is_kernel)
		return offset - object->slide;
	return elf && elf_file_address(elf, offset, &address) ? address : offset;
}

void objects_function(struct profile *p, uint32_t index, uint64_t address, char name[OBJECT_NAME])
{
	struct profile_object *object = &p->objects[index];
	struct elf_file *elf = objects_elf(p, index);
	const char *symbol = elf ? elf_file_symbol(elf, address) : NULL, *base = profile_text(p, object->name);
	size_t len = strlen(base);

	if (object->kallsyms)
		symbol = kallsyms_function(object->kallsyms, address);
	if (symbol) {
		snprintf(name, OBJECT_NAME, "%s", symbol);
		return;
	}
	/* What is named in brackets keeps them as they are. */
	if (*base == '[' && base[len - 1] == ']')
		snprintf(name, OBJECT_NAME, "%.400s+0x%" PRIx64, base, address);
	else
		snprintf(name, OBJECT_NAME, "[%.400s]+0x%" PRIx64, base, address);
}

void objects_variable(struct profile *p, uint64_t address, char *name, size_t size)
{
	const char *symbol = NULL;

	for (size_t i = 0; i < p->object_count && !symbol; i++) {
		struct elf_file *elf = p->objects[i].is_kernel ? objects_elf(p, (uint32_t)i) : NULL;

		symbol = elf ? elf_file_variable(elf, address - p->objects[i].slide) : NULL;
	}
	if (symbol)
		snprintf(name, size, "%s", symbol);
	else
		snprintf(name, size, "0x%" PRIx64, address);
}

/* ---- the cache ---- */

static int make_dirs(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int copy_to(const char *path, int fd)
{
	struct stat st;
	off_t at = 0;
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err = 0;

	if (to < 0 || fstat(fd, &st))
		err = -errno;
	while (!err && at < st.st_size) {
		ssize_t n = sendfile(to, fd, &at, (size_t)(st.st_size - at));

		if (n <= 0)
			err = n ? -errno : -EIO;
	}
	if (to >= 0 && close(to) && !err)
		err = -errno;
	return err;
}

int objects_copy(const char *path, int fd)
{
	char folder[PATH_MAX];
	int err;

	if ((size_t)snprintf(folder, sizeof(folder), "%s", path) >= sizeof(folder))
		return -ENAMETOOLONG;
	err = make_dirs(folder);
	return err ? err : copy_to(path, fd);
}

int objects_store(const char *dir, const uint8_t *build_id, size_t size, const char *kind, int fd)
{
	char path[PATH_MAX], id[BUILD_ID_PATH];

	objects_build_id_path(build_id, size, id);
	if ((size_t)snprintf(path, sizeof(path), "%s/.build-id/%s/%s", dir, id, kind) >= sizeof(path))
		return -ENAMETOOLONG;
	return objects_copy(path, fd);
}
