/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a block device that nobody has read yet, 4 KiB at a time: one area from its start to its end, and the next one
 * in an order that jumps about and comes to every page once. "NAME<tab>BYTES A SECOND" for each of ROUNDS such pairs of
 * areas.
 *
 *	reads DEVICE
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define AREA_PAGES 4096u /* a power of two */
#define ROUNDS 3

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_page(int fd, uint64_t index)
{
	static uint64_t page[PAGE / sizeof(uint64_t)];

	if (pread(fd, page, PAGE, (off_t)(index * PAGE)) != PAGE)
		err(1, "page %lu", (unsigned long)index);
	/* The image says in each of its pages which one it is. */
	if (page[0] != index)
		errx(1, "page %lu is %lu", (unsigned long)index, (unsigned long)page[0]);
}

static void measure(int fd, const char *name, uint64_t first, int jumping)
{
	double start = now();
	uint32_t at = 1;

	for (uint32_t i = 0; i < AREA_PAGES; i++) {
		read_page(fd, first + (jumping ? at : i));
		/* Of full period: Knuth, The Art of Computer Programming, 3.2.1.2. */
		at = (at * 1664525 + 1013904223) % AREA_PAGES;
	}
	printf("%s\t%.0f\n", name, (double)AREA_PAGES * PAGE / (now() - start));
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0)
		err(1, "%s", argc == 2 ? argv[1] : "usage: reads DEVICE");
	for (uint64_t round = 0; round < ROUNDS; round++) {
		measure(fd, "sequential", 2 * round * AREA_PAGES, 0);
		measure(fd, "random", (2 * round + 1) * AREA_PAGES, 1);
	}
	return 0;
}
