/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of C++ as its source has them: see demangle.h. A part of a name can stand for what came before it, twice, again
 * and again, so that three hundred bytes say gigabytes. Who reads them cannot be stopped: names that refer back more
 * than a few times are left to a process of their own, which can.
 */
#include "demangle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define HARMLESS 16	/* such parts: what they can double in pairs */

/* Of libstdc++, which the other tools are linked with as well. */
char *__cxa_demangle(const char *mangled, char *buf, size_t *size, int *status);

/* Substitutions and parameters of templates; letters of identifiers are counted too, which only takes longer. */
static unsigned references(const char *name)
{
	unsigned count = 0;

	for (; *name; name++)
		count += *name == 'S' || *name == 'T';
	return count;
}

static void write_demangled(int fd, const char *name)
{
	struct rlimit second = { 1, 1 }, none = { 0, 0 };
	int status;
	char *text;

	setrlimit(RLIMIT_CPU, &second);
	setrlimit(RLIMIT_CORE, &none);
	text = __cxa_demangle(name, NULL, NULL, &status);
	if (text && strlen(text) <= DEMANGLE_MAX && write(fd, text, strlen(text)) < 0)
		_exit(1);
	_exit(0);
}

static char *demangle_apart(const char *name)
{
	char *text = calloc(DEMANGLE_MAX + 1, 1);
	int ends[2];
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (!text || pipe(ends)) {
		free(text);
		return NULL;
	}
	pid = fork();
	if (!pid) {
		close(ends[0]);
		write_demangled(ends[1], name);
	}
	close(ends[1]);
	while ((n = read(ends[0], text + len, DEMANGLE_MAX - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (len)
		return text;
	free(text);
	return NULL;
}

char *demangle(const char *name)
{
	int status;

	if (strncmp(name, "_Z", 2) || strlen(name) > DEMANGLE_MAX)
		return NULL;
	return references(name) > HARMLESS ? demangle_apart(name) : __cxa_demangle(name, NULL, NULL, &status);
}
