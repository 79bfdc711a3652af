/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No file of /proc has an address of the kernel's in it (option HIDE_POINTERS; there is none without it either).
 */
#include "fs_test.h"

#include <kernel/abi/dirent.h>
#include <kernel/log.h>

#define BUF (SYSTEST_MEM + 4096)
#define BUF_SIZE 1024
#define DEPTH_MAX 6
#define PATH_SIZE 256

static unsigned files, addresses;

/* Whatever the kernel maps, the direct map first; not -1, which stands for "no limit". */
static bool is_kernel_address(uint64_t value)
{
	return value >= UINT64_C(0xffff800000000000) && value < UINT64_MAX - PAGE_SIZE;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* The run of digits that is being read, taken for hexadecimal and for decimal. */
struct number {
	uint64_t hex, decimal;
	unsigned digits;
	bool is_decimal;
};

static void number_end(struct number *n)
{
	addresses += (n->digits == 16 && is_kernel_address(n->hex)) ||
		     (n->is_decimal && n->digits == 20 && is_kernel_address(n->decimal));
	*n = (struct number){ .is_decimal = true };
}

static void look_into(const char *path)
{
	long fd = sys(SYS_open, P(path), O_RDONLY | O_NONBLOCK), len;
	struct number number = { .is_decimal = true };
	char text[BUF_SIZE];

	if (fd < 0)
		return;
	files++;
	for (int rounds = 0; rounds < 64 && (len = sys(SYS_read, (uint64_t)fd, BUF, BUF_SIZE)) > 0; rounds++) {
		systest_get(BUF, text, (size_t)len);
		for (long i = 0; i < len; i++) {
			int d = digit(text[i]);

			if (d == 16) {
				number_end(&number);
				continue;
			}
			number.hex = number.hex << 4 | (uint64_t)d;
			number.decimal = number.decimal * 10 + (uint64_t)d;
			number.is_decimal &= d < 10;
			number.digits++;
		}
	}
	number_end(&number);
	sys(SYS_close, (uint64_t)fd);
}

static void walk(const char *path, int depth);

static void visit(const char *folder, const struct abi_dirent64 *d, const char *name, int depth)
{
	char path[PATH_SIZE];

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return;
	format(path, sizeof(path), "%s/%s", folder, name);
	if (d->d_type == DT_OF_MODE(S_IFDIR) && depth < DEPTH_MAX)
		walk(path, depth + 1);
	else if (d->d_type == DT_OF_MODE(S_IFREG))
		look_into(path);
}

static void walk(const char *path, int depth)
{
	long fd = sys(SYS_open, P(path), O_RDONLY | O_DIRECTORY), n;
	uint8_t entries[BUF_SIZE];

	while (fd >= 0 && (n = sys(SYS_getdents64, (uint64_t)fd, BUF, BUF_SIZE)) > 0) {
		systest_get(BUF, entries, (size_t)n);
		for (long at = 0; at < n;) {
			const struct abi_dirent64 *d = (const struct abi_dirent64 *)(entries + at);

			visit(path, d, (const char *)d + offsetof(struct abi_dirent64, d_name), depth);
			at += d->d_reclen;
		}
	}
	if (fd >= 0)
		sys(SYS_close, (uint64_t)fd);
}

FSTEST(proc_has_no_address_of_the_kernel)
{
	struct number number = { .hex = (uintptr_t)&files, .digits = 16 };

	files = addresses = 0;
	number_end(&number);
	CHECK_EQ(addresses, IS_ENABLED(CONFIG_ARCH_X86_64));
	addresses = 0;
	walk("/proc", 0);
	CHECK(files > 20);
	CHECK_EQ(addresses, 0);
}
