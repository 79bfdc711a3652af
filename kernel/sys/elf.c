/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELF loader: 64-bit executables, fixed (ET_EXEC) or position independent (ET_DYN), and the interpreter that one
 * may name (PT_INTERP: its dynamic linker). The format is the System V ABI's, chapters 4 and 5. All checks of a file
 * are made before anything of it is mapped.
 */
#include <kernel/abi/mman.h>
#include <kernel/aspace.h>
#include <kernel/file.h>
#include <kernel/heap.h>
#include <kernel/string.h>
#include <kernel/vfs.h>

#include "exec.h"

#define ET_EXEC 2
#define ET_DYN 3
#define EM_X86_64 62
#define EM_AARCH64 183
#ifdef __aarch64__
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

#define PT_LOAD 1
#define PT_INTERP 3
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

#define HEADERS_MAX 64

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf_header) == ELF_HEADER_SIZE, "ELF header");

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf_segment) == ELF_PROGRAM_HEADER_SIZE, "program header");

/* A load in progress. */
struct loader {
	struct file *file;
	struct aspace *aspace;
	struct exec_error *error;
	uint64_t file_size;
	uint64_t first;  /* address of its first page */
	uint64_t bias;  /* added to addresses of the file */
	bool is_interpreter;
	char interpreter[ELF_INTERPRETER_MAX]; /* its path; empty: none */
	struct elf_header header;
	struct elf_segment segments[HEADERS_MAX];
};

static int refuse(struct loader *loader, const char *reason)
{
	loader->error->reason = reason;
	return -ENOEXEC;
}

static int read_exactly(struct loader *loader, void *buf, size_t len, uint64_t offset)
{
	struct io io;
	ssize_t n;

	if (offset > loader->file_size || len > loader->file_size - offset)
		return refuse(loader, "it is cut off");
	io_kernel(&io, buf, len);
	n = file_read_at(loader->file, &io, (off_t)offset);
	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : refuse(loader, "it is cut off");
}

/* ---- checks ---- */

static int check_header(struct loader *loader)
{
	const struct elf_header *h = &loader->header;

	if (memcmp(h->ident, "\177ELF", 4))
		return refuse(loader, "it is no ELF file");
	if (h->ident[4] != 2 || h->ident[5] != 1 || h->ident[6] != 1 || h->version != 1)
		return refuse(loader, "it is no 64-bit little-endian ELF file");
	if (h->machine != MACHINE)
		return refuse(loader, "it is for another CPU");
	if (h->type != ET_EXEC && h->type != ET_DYN)
		return refuse(loader, "it is no executable");
	if (h->phentsize != sizeof(struct elf_segment) || !h->phnum || h->phnum > HEADERS_MAX)
		return refuse(loader, "its program headers make no sense");
	return 0;
}

static int check_segment(struct loader *loader, const struct elf_segment *s, uint64_t *end)
{
	uint64_t base = loader->bias;

	if (s->filesz > s->memsz)
		return refuse(loader, "a segment is larger in the file than in memory");
	if (s->offset > loader->file_size || s->filesz > loader->file_size - s->offset)
		return refuse(loader, "a segment is cut off");
	if ((s->vaddr ^ s->offset) & ~PAGE_MASK)
		return refuse(loader, "a segment is not aligned to pages as in the file");
	if (s->vaddr > USER_END - base || s->memsz > USER_END - base - s->vaddr || !user_ok(base + s->vaddr, s->memsz))
		return refuse(loader, "a segment is outside of a program's memory");
	if ((s->vaddr & PAGE_MASK) + base < *end)
		return refuse(loader, "segments overlap or are out of order");
	*end = align_up(base + s->vaddr + s->memsz, PAGE_SIZE);
	return 0;
}

/* PT_INTERP: a path with its NUL. */
static int read_interpreter(struct loader *loader, const struct elf_segment *s)
{
	int err;

	if (loader->is_interpreter)
		return refuse(loader, "it wants an interpreter, and is one");
	if (loader->interpreter[0])
		return refuse(loader, "it names two interpreters");
	if (s->filesz < 2 || s->filesz > sizeof(loader->interpreter))
		return refuse(loader, "its interpreter's name is too long, or none");
	err = read_exactly(loader, loader->interpreter, s->filesz, s->offset);
	if (err)
		return err;
	if (loader->interpreter[s->filesz - 1] || !loader->interpreter[0])
		return refuse(loader, "its interpreter's name does not end, or is empty");
	return 0;
}

/* All segments make sense, one below the other; *end: one past the last page. */
static int check_segments(struct loader *loader, uint64_t *end)
{
	bool entry_ok = false, any = false;
	int err;

	*end = 0;
	loader->first = UINT64_MAX;
	for (unsigned i = 0; i < loader->header.phnum; i++) {
		const struct elf_segment *s = &loader->segments[i];

		if (s->type == PT_INTERP) {
			err = read_interpreter(loader, s);
			if (err)
				return err;
		}
		if (s->type != PT_LOAD || !(s->memsz | s->filesz))
			continue;
		err = check_segment(loader, s, end);
		if (err)
			return err;
		any = true;
		loader->first = min(loader->first, (s->vaddr & PAGE_MASK) + loader->bias);
		entry_ok |= loader->header.entry - s->vaddr < s->memsz && (s->flags & PF_X);
	}
	if (!any)
		return refuse(loader, "it has nothing to load");
	return entry_ok ? 0 : refuse(loader, "its entry point is not in its code");
}

/* ---- mapping ---- */

static unsigned prot_of(const struct elf_segment *s)
{
	return (s->flags & PF_R ? PROT_READ : 0) | (s->flags & PF_W ? PROT_WRITE : 0) |
	       (s->flags & PF_X ? PROT_EXEC : 0);
}

/* Clears the rest of the segment's last page of the file; in the file something else may follow. */
static int clear_tail(struct loader *loader, uint64_t from, uint64_t to)
{
	static const uint8_t zeros[256];
	int err = 0;

	while (from < to && !err) {
		size_t n = min(to - from, sizeof(zeros));

		err = aspace_write(loader->aspace, from, zeros, n);
		from += n;
	}
	return err;
}

static int map_segment(struct loader *loader, const struct elf_segment *s)
{
	const unsigned flags = MAP_PRIVATE | MAP_FIXED;
	uint64_t start = (s->vaddr & PAGE_MASK) + loader->bias, file_end = s->vaddr + s->filesz + loader->bias;
	uint64_t end = align_up(s->vaddr + s->memsz + loader->bias, PAGE_SIZE);
	uint64_t file_pages_end = s->filesz ? align_up(file_end, PAGE_SIZE) : start;
	long at;

	if (s->filesz) {
		at = aspace_mmap(loader->aspace, start, file_pages_end - start, prot_of(s), flags, loader->file,
				 (off_t)(s->offset & PAGE_MASK));
		if (at < 0)
			return (int)at;
		/* Only where the program expects zeros: what it cannot write, it may as well see. */
		if (s->memsz > s->filesz) {
			int err = clear_tail(loader, file_end, file_pages_end);

			if (err)
				return err;
		}
	}
	if (file_pages_end >= end)
		return 0;
	at = aspace_mmap(loader->aspace, file_pages_end, end - file_pages_end, prot_of(s), flags | MAP_ANONYMOUS, NULL,
			 0);
	return at < 0 ? (int)at : 0;
}

static int map_segments(struct loader *loader)
{
	int err = 0;

	for (unsigned i = 0; i < loader->header.phnum && !err; i++)
		if (loader->segments[i].type == PT_LOAD && loader->segments[i].memsz)
			err = map_segment(loader, &loader->segments[i]);
	return err;
}

/* Where the program headers are in memory: inside the segment that holds their part of the file. */
static uint64_t headers_address(const struct loader *loader)
{
	uint64_t offset = loader->header.phoff, size = (uint64_t)loader->header.phnum * sizeof(struct elf_segment);

	for (unsigned i = 0; i < loader->header.phnum; i++) {
		const struct elf_segment *s = &loader->segments[i];

		if (s->type == PT_LOAD && offset >= s->offset && offset - s->offset <= s->filesz &&
		    size <= s->filesz - (offset - s->offset))
			return s->vaddr + loader->bias + (offset - s->offset);
	}
	return 0;
}

/*
 * The interpreter goes where a program's own mappings would: all of its range is taken at once, then filled. So its
 * addresses are checked twice: as they are in the file, and where they come to lie.
 */
static int choose_bias(struct loader *loader)
{
	uint64_t end;
	long at;
	int err;

	loader->bias = 0;
	if (loader->header.type != ET_DYN)
		return loader->is_interpreter ? refuse(loader, "it is not position independent") : 0;
	loader->bias = loader->is_interpreter ? 0x10000 : loader->aspace->places.pie_base;
	if (!loader->is_interpreter)
		return 0;
	err = check_segments(loader, &end);
	if (err)
		return err;
	at = aspace_mmap(loader->aspace, 0, end - loader->first, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	if (at < 0)
		return (int)at;
	loader->bias += (uint64_t)at - loader->first;
	return 0;
}

static int load_file(struct loader *loader, uint64_t *end)
{
	int err;

	loader->file_size = loader->file->inode->size > 0 ? (uint64_t)loader->file->inode->size : 0;
	err = read_exactly(loader, &loader->header, sizeof(loader->header), 0);
	if (err)
		return err;
	err = check_header(loader);
	if (err)
		return err;
	err = read_exactly(loader, loader->segments, loader->header.phnum * sizeof(struct elf_segment),
			   loader->header.phoff);
	if (err)
		return err;
	err = choose_bias(loader);
	if (!err)
		err = check_segments(loader, end);
	return err ? err : map_segments(loader);
}

static int open_interpreter(const char *path, struct file **out)
{
	int err = vfs_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0, out);

	if (err)
		return err;
	err = S_ISREG((*out)->inode->mode) ? inode_permission((*out)->inode, MAY_EXEC, credentials_current()) : -EACCES;
	if (err)
		file_put(*out);
	return err;
}

/* Takes the loader over from the program. */
static int load_interpreter(struct loader *loader, struct elf_image *image)
{
	uint64_t end;
	int err;

	memcpy(loader->error->interpreter, loader->interpreter, sizeof(loader->interpreter));
	err = open_interpreter(loader->interpreter, &loader->file);
	if (err)
		return err;
	loader->is_interpreter = true;
	err = load_file(loader, &end);
	file_put(loader->file);
	if (err)
		return err == -ENOEXEC ? -ELIBBAD : err;
	image->base = loader->bias;
	image->start = loader->header.entry + loader->bias;
	loader->error->interpreter[0] = '\0';
	return 0;
}

static int load(struct loader *loader, struct elf_image *image)
{
	int err = load_file(loader, &image->end);

	if (err)
		return err;
	image->entry = image->start = loader->header.entry + loader->bias;
	image->base = 0;
	image->headers = headers_address(loader);
	image->header_count = loader->header.phnum;
	return loader->interpreter[0] ? load_interpreter(loader, image) : 0;
}

int elf_load(struct file *file, struct aspace *aspace, struct elf_image *image, struct exec_error *error)
{
	struct loader *loader = heap_zalloc(sizeof(*loader));
	int err;

	if (!loader)
		return -ENOMEM;
	loader->file = file;
	loader->aspace = aspace;
	loader->error = error;
	err = load(loader, image);
	heap_free(loader);
	return err;
}
