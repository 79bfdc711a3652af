/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's physical memory: one shared file, so that a runner that maps it sees all of the kernel's state. It is
 * mapped as a whole at the direct map's base, and the part that holds the kernel image a second time over the image
 * itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/host/os/arch_host_abi.h"
#include "host_os.h"

#define PAGE_SIZE 4096u

/* The kernel's variables, gathered into whole pages by arch/host/kernel.ld. */
extern char __start_saki_image[], __stop_saki_image[];

void host_fail(const char *what)
{
	fprintf(stderr, "saki.host: %s: %s\n", what, strerror(errno));
	exit(STATUS_ENVIRONMENT);
}

/* Sanitizers' red zones between variables are no reason to complain: not memcpy, which is checked. */
static void copy_unchecked(void *dst, const void *src, size_t len)
{
	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(len) : : "memory");
}

/* An inherited file that has a size keeps it: its owner has mapped it. */
static uint64_t memory_file_size(int fd, uint64_t size)
{
	struct stat status;

	if (fstat(fd, &status))
		host_fail("memory file");
	if (status.st_size)
		return (uint64_t)status.st_size / PAGE_SIZE * PAGE_SIZE;
	if (ftruncate(fd, (off_t)size))
		host_fail("memory file");
	return size;
}

/* A bare system call: the sanitizer's mmap() forgets the red zones between the variables that are mapped again. */
static void map(uint64_t address, uint64_t size, int flags, int fd, uint64_t offset)
{
	long at = syscall(SYS_mmap, address, size, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, offset);

	if (at != (long)address)
		host_fail("mapping the machine's memory");
}

void host_memory_init(struct host_machine *machine, int fd, uint64_t size)
{
	size_t image_size = (size_t)(__stop_saki_image - __start_saki_image);

	if (fd < 0)
		fd = memfd_create("saki", MFD_CLOEXEC);
	if (fd < 0)
		host_fail("memory file");
	size = memory_file_size(fd, size);
	if (size < HOST_IMAGE_PHYS + image_size + (1u << 20)) {
		fprintf(stderr, "saki.host: %llu KiB of memory are too few: the kernel alone takes %zu KiB\n",
			(unsigned long long)size >> 10, (HOST_IMAGE_PHYS + image_size) >> 10);
		exit(STATUS_USAGE);
	}
	map(HOST_MEMORY_BASE, size, MAP_FIXED_NOREPLACE, fd, 0);
	copy_unchecked((char *)HOST_MEMORY_BASE + HOST_IMAGE_PHYS, __start_saki_image, image_size);
	map((uint64_t)__start_saki_image, image_size, MAP_FIXED, fd, HOST_IMAGE_PHYS);
	close(fd);
	machine->memory_size = size;
	machine->image_size = image_size;
}

void host_initrd_load(struct host_machine *machine, const char *path)
{
	uint64_t at = HOST_IMAGE_PHYS + machine->image_size, got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		host_fail(path);
	while ((n = read(fd, (char *)HOST_MEMORY_BASE + at + got, machine->memory_size - at - got)) > 0)
		got += (uint64_t)n;
	if (n < 0)
		host_fail(path);
	if (at + got == machine->memory_size) {
		fprintf(stderr, "saki.host: %s does not fit into the machine's memory; --memory gives it more\n", path);
		exit(STATUS_USAGE);
	}
	close(fd);
	machine->initrd = got ? at : 0;
	machine->initrd_size = got;
}
