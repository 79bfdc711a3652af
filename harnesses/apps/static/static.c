/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a statically linked program takes for granted before and beside main(): relocations, thread-local storage,
 * constructors, the C library's chosen routines, its heap, files, numbers, jumps. Says what it finds; nothing that
 * differs from machine to machine.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int constructed;
static __thread int local = 42;
static __thread char zeros[100];
static const char *const words[] = { "relocated", "pointers" };
static int (*const compare_words)(const char *, const char *) = strcmp;
static jmp_buf back;

__attribute__((constructor)) static void construct(void)
{
	constructed++;
}

static void leave(void)
{
	puts("at exit");
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void heap(void)
{
	size_t sum = 0;
	char *blocks[64];

	for (size_t i = 0; i < 64; i++) {
		blocks[i] = malloc(i * i * 40 + 1);
		memset(blocks[i], (int)i, i * i * 40 + 1);
	}
	for (size_t i = 0; i < 64; i++) {
		sum += (unsigned char)blocks[i][i * i * 40];
		free(blocks[i]);
	}
	printf("heap %zu\n", sum);
}

static void files(void)
{
	FILE *f = tmpfile();
	char line[64] = "";
	struct stat st;
	int n = 0;

	for (int i = 0; f && i < 3000; i++)
		fprintf(f, "line %d\n", i);
	if (!f || fflush(f) || fstat(fileno(f), &st)) {
		perror("tmpfile");
		return;
	}
	rewind(f);
	while (fgets(line, sizeof(line), f))
		n++;
	printf("file %d lines, %lld bytes, last %s", n, (long long)st.st_size, line);
	fclose(f);
	printf("missing: %s\n", fopen("/nowhere/x", "r") ? "found" : strerror(errno));
}

static void numbers(void)
{
	int v[] = { 5, -3, 99, 0, 17 };
	volatile double x = 2;
	time_t epoch = 86400 * 365;
	struct tm tm;

	qsort(v, 5, sizeof(*v), by_number);
	printf("sorted %d %d %d %d %d\n", v[0], v[1], v[2], v[3], v[4]);
	printf("numbers %.6f %g %s %ld\n", x / 3, x * 1e300, strtod("1e400", NULL) > 1e308 ? "inf" : "finite",
	       strtol("0x7fff", NULL, 0));
	gmtime_r(&epoch, &tm);
	printf("time %d-%02d-%02d\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

int main(int argc, char **argv)
{
	char *page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int jumps;

	atexit(leave);
	printf("%d arguments, last %s\n", argc, argv[argc - 1]);
	printf("constructed %d, local %d, zero %d, %s %s %d\n", constructed, local, zeros[99], words[0], words[1],
	       compare_words(words[0], words[1]) > 0);
	heap();
	files();
	numbers();
	jumps = setjmp(back);
	if (jumps < 3)
		longjmp(back, jumps + 1);
	printf("jumps %d\n", jumps);
	if (page != MAP_FAILED)
		memset(page, 'x', 1 << 20);
	printf("mapped %c\n", page == MAP_FAILED ? '-' : page[(1 << 20) - 1]);
	return 23;
}
