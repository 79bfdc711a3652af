/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELF loader, fed with files that are made here: one good one, and what can be wrong with it, byte by byte.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/fd.h>
#include <kernel/file.h>
#include <kernel/systest.h>

#include "../exec.h"

#define BASE UINT64_C(0x400000)
#define FILE_SIZE 0x1100

struct header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* Headers and code in the first page, data with some zeros behind it in the second. */
struct image {
	struct header header;
	struct segment segments[3];
	uint8_t code[64];
};

static const struct image good = {
	.header = {
		.ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, .type = 2, .machine = 62, .version = 1, .entry = BASE + 0xf0,
		.phoff = 64, .ehsize = 64, .phentsize = 56, .phnum = 3,
	},
	.segments = {
		{ .type = 1, .flags = 5, .vaddr = BASE, .filesz = sizeof(struct image), .memsz = sizeof(struct image) },
		{ .type = 1, .flags = 6, .offset = 0x1000, .vaddr = BASE + 0x2000, .filesz = 0x100, .memsz = 0x3000 },
		{ .type = 0x6474e551, .flags = 6 },
	},
	.code = { 0xf4 },
};

static int file_fd;

/* A file of size bytes that starts with image and has 0xdd bytes in its second page. */
static struct file *make_file(const struct image *image, uint64_t size)
{
	uint8_t data[0x100];
	struct file *file;

	memset(data, 0xdd, sizeof(data));
	file_fd = (int)sys(SYS_memfd_create, systest_string(0, "elf"), 0);
	sys(SYS_pwrite64, file_fd, systest_put(0, image, sizeof(*image)), sizeof(*image), 0);
	sys(SYS_pwrite64, file_fd, systest_put(0, data, sizeof(data)), sizeof(data), 0x1000);
	sys(SYS_ftruncate, file_fd, size);
	file = fd_get(file_fd);
	if (!file)
		test_fail(__FILE__, __LINE__, "no file to load from");
	return file;
}

static struct exec_error error;
static struct elf_image loaded;

/* Loads into a space of its own, of which *as is what became of it (NULL when it is not wanted). */
static int load(const struct image *image, uint64_t size, struct aspace **as)
{
	struct file *file = make_file(image, size);
	struct aspace *aspace;
	int err;

	if (!file)
		return -EBADF;
	error = (struct exec_error){ 0 };
	err = aspace_create(&aspace);
	if (!err) {
		err = elf_load(file, aspace, &loaded, &error);
		if (as && !err)
			*as = aspace;
		else
			aspace_put(aspace);
	}
	file_put(file);
	sys(SYS_close, file_fd);
	return err;
}

SYSTEST(elf_good_file_loads)
{
	struct aspace *as = NULL;
	uint8_t byte = 0;

	CHECK_EQ(load(&good, FILE_SIZE, &as), 0);
	CHECK_EQ(loaded.entry, BASE + 0xf0);
	CHECK_EQ(loaded.headers, BASE + 64);
	CHECK_EQ(loaded.header_count, 3);
	CHECK_EQ(loaded.end, BASE + 0x5000);
	CHECK_EQ(aspace_read(as, BASE + offsetof(struct image, code), &byte, 1), 0);
	CHECK_EQ(byte, 0xf4);
	CHECK_EQ(aspace_read(as, BASE + 0x20ff, &byte, 1), 0);
	CHECK_EQ(byte, 0xdd);
	CHECK_EQ(aspace_read(as, BASE + 0x2100, &byte, 1), 0);
	CHECK_EQ(byte, 0);
	CHECK_EQ(aspace_read(as, BASE + 0x4fff, &byte, 1), 0);
	CHECK_EQ(byte, 0);
	CHECK_ERR(aspace_read(as, BASE + 0x5000, &byte, 1), EFAULT);
	CHECK_ERR(aspace_read(as, BASE + 0x1000, &byte, 1), EFAULT);
	aspace_put(as);
}

SYSTEST(elf_position_independent_file_is_moved)
{
	struct image pie = good;
	struct aspace *as = NULL;

	pie.header.type = 3;
	pie.header.entry -= BASE;
	pie.segments[0].vaddr -= BASE;
	pie.segments[1].vaddr -= BASE;
	CHECK_EQ(load(&pie, FILE_SIZE, &as), 0);
	CHECK_EQ(loaded.entry, 0x555555554000 + 0xf0);
	CHECK_EQ(loaded.headers, 0x555555554000 + 64);
	aspace_put(as);
}

static const char *reason_of(const struct image *image)
{
	int err = load(image, FILE_SIZE, NULL);

	if (!err)
		return "loads";
	if (err != -ENOEXEC)
		return errno_name(-err);
	return error.interpreter[0] ? "interpreter" : error.reason ? error.reason : "no reason";
}

#define CHECK_REASON(field, value, expected)                                                                           \
	do {                                                                                                           \
		struct image broken = good;                                                                            \
		broken.field = (value);                                                                                \
		CHECK_STR(reason_of(&broken), (expected));                                                             \
	} while (0)

SYSTEST(elf_headers_are_checked)
{
	CHECK_REASON(header.ident[0], 'E', "it is no ELF file");
	CHECK_REASON(header.ident[4], 1, "it is no 64-bit little-endian ELF file");
	CHECK_REASON(header.machine, 3, "it is for another CPU");
	CHECK_REASON(header.type, 1, "it is no executable");
	CHECK_REASON(header.phnum, 0, "its program headers make no sense");
	CHECK_REASON(header.phnum, 65535, "its program headers make no sense");
	CHECK_REASON(header.phentsize, 32, "its program headers make no sense");
	CHECK_REASON(header.phoff, UINT64_MAX - 8, "it is cut off");
	CHECK_REASON(header.phoff, FILE_SIZE, "it is cut off");
	CHECK_REASON(header.entry, 0, "its entry point is not in its code");
	CHECK_REASON(header.entry, BASE + 0x2000, "its entry point is not in its code");
	CHECK_REASON(segments[2].type, 3, "its interpreter's name is too long, or none");
	CHECK_REASON(header.phoff, FILE_SIZE - 100, "it is cut off");
}

#define NAME_AT 0xf8 /* in the file: behind the one instruction */

static struct image with_interpreter(const char *name)
{
	struct image image = good;

	memcpy(image.code + 16, name, strlen(name) + 1);
	image.segments[2] = (struct segment){ .type = 3, .offset = NAME_AT, .filesz = strlen(name) + 1 };
	return image;
}

static void make_interpreter(const char *path, const struct image *image)
{
	long fd = sys(SYS_open, systest_string(0, path), O_RDWR | O_CREAT | O_TRUNC, 0755);

	CHECK(fd >= 0);
	CHECK_EQ(sys(SYS_pwrite64, fd, systest_put(64, image, sizeof(*image)), sizeof(*image), 0), sizeof(*image));
	CHECK_EQ(sys(SYS_ftruncate, fd, FILE_SIZE), 0);
	CHECK_EQ(sys(SYS_fchmod, fd, 0755), 0);
	CHECK_EQ(sys(SYS_close, fd), 0);
}

static long execute(const struct image *image)
{
	make_interpreter("/program", image);
	return sys(SYS_execve, systest_string(0, "/program"), 0, 0);
}

SYSTEST(elf_interpreter_is_loaded_too)
{
	struct image program = with_interpreter("/ld"), linker = good;
	struct aspace *as = NULL;

	linker.header.type = 3;
	linker.header.entry = 0xf0;
	linker.segments[0].vaddr = 0;
	linker.segments[1].vaddr = 0x2000;
	make_interpreter("/ld", &linker);
	CHECK_EQ(load(&program, FILE_SIZE, &as), 0);
	CHECK_EQ(loaded.entry, BASE + 0xf0);
	CHECK(loaded.base > BASE);
	CHECK_EQ(loaded.base % PAGE_SIZE, 0);
	CHECK_EQ(loaded.start, loaded.base + 0xf0);
	if (as)
		aspace_put(as);
}

SYSTEST(elf_bad_interpreters_are_refused)
{
	struct image program = with_interpreter("/ld"), linker = good;

	CHECK_EQ(load(&program, FILE_SIZE, NULL), -ENOENT);
	CHECK_STR(error.interpreter, "/ld");
	/* At a fixed place it could lie where the program does. */
	make_interpreter("/ld", &linker);
	CHECK_EQ(load(&program, FILE_SIZE, NULL), -ELIBBAD);
	linker = with_interpreter("/ld");
	linker.header.type = 3;
	make_interpreter("/ld", &linker);
	CHECK_EQ(load(&program, FILE_SIZE, NULL), -ELIBBAD);
	CHECK_ERR(execute(&program), ELIBBAD);
	CHECK_ERR(sys(SYS_execveat, -100, systest_string(0, "/program"), 0, 0, 0), ELIBBAD);
	linker.header.ident[1] = 'e';
	make_interpreter("/ld", &linker);
	CHECK_EQ(load(&program, FILE_SIZE, NULL), -ELIBBAD);
	program.segments[2].filesz--;
	CHECK_EQ(load(&program, FILE_SIZE, NULL), -ENOEXEC);
	CHECK_EQ(sys(SYS_chmod, systest_string(0, "/ld"), 0644), 0);
	program.segments[2].filesz++;
	CHECK_EQ(load(&program, FILE_SIZE, NULL), -EACCES);
}

SYSTEST(elf_segments_are_checked)
{
	static const char outside[] = "a segment is outside of a program's memory";

	CHECK_REASON(segments[1].vaddr, BASE, "segments overlap or are out of order");
	CHECK_REASON(segments[1].vaddr, BASE - 0x8000, "segments overlap or are out of order");
	CHECK_REASON(segments[1].filesz, 0x3001, "a segment is larger in the file than in memory");
	CHECK_REASON(segments[1].filesz, 0x101, "a segment is cut off");
	CHECK_REASON(segments[1].offset, UINT64_MAX & PAGE_MASK, "a segment is cut off");
	CHECK_REASON(segments[1].offset, 0x1001, "a segment is cut off");
	CHECK_REASON(segments[1].vaddr, BASE + 0x2001, "a segment is not aligned to pages as in the file");
	CHECK_REASON(segments[1].memsz, UINT64_MAX, outside);
	CHECK_REASON(segments[1].memsz, UINT64_MAX - BASE - 0x2000, outside);
	CHECK_REASON(segments[1].memsz, USER_END, outside);
	CHECK_REASON(segments[1].vaddr, UINT64_MAX & PAGE_MASK, outside);
	CHECK_REASON(segments[1].vaddr, USER_END, outside);
	CHECK_REASON(segments[0].vaddr, 0, outside);
	CHECK_REASON(segments[1].vaddr, UINT64_C(0xffffffff80000000), outside);
}

SYSTEST(elf_file_with_nothing_to_load)
{
	struct image empty = good;

	empty.segments[0].type = empty.segments[1].type = 0;
	CHECK_STR(reason_of(&empty), "it has nothing to load");
	CHECK_REASON(segments[0].memsz, 0, "a segment is larger in the file than in memory");
}

SYSTEST(elf_files_cut_off_anywhere)
{
	for (uint64_t size = 0; size < sizeof(good); size++) {
		CHECK_ERR(load(&good, size, NULL), ENOEXEC);
		CHECK(error.reason);
	}
	for (uint64_t size = sizeof(good); size < FILE_SIZE; size += 61) {
		CHECK_ERR(load(&good, size, NULL), ENOEXEC);
		CHECK_STR(error.reason, "a segment is cut off");
	}
}

/*
 * Whatever one byte says: an error or a program, and nothing left behind (the test process's own space is checked at
 * its end).
 */
SYSTEST(elf_every_byte_is_hostile)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct image broken;

	for (size_t at = 0; at < offsetof(struct image, code); at++) {
		for (unsigned i = 0; i < array_size(values); i++) {
			int err;

			broken = good;
			((uint8_t *)&broken)[at] = values[i];
			err = load(&broken, FILE_SIZE, NULL);
			if (err && err != -ENOEXEC && err != -ENOMEM)
				test_fail(__FILE__, __LINE__, "byte %zu as %u: %s", at, values[i], errno_name(-err));
			if (err == -ENOEXEC && !error.reason && !error.interpreter[0])
				test_fail(__FILE__, __LINE__, "byte %zu as %u: no reason", at, values[i]);
		}
	}
}
