/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --prepare: what would be booted as files, for whoever boots it otherwise (saki-xen's clones): kernel, initrd, line
 * and memory.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int create(const char *folder, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

/* From its start to its end. */
static int copy(int to, int from)
{
	struct stat st;
	off_t at = 0;

	if (to < 0 || from < 0 || fstat(from, &st))
		return -1;
	while (at < st.st_size)
		if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0)
			return -1;
	return 0;
}

static int put_file(const char *folder, const char *name, int from)
{
	int to = create(folder, name), err = copy(to, from);

	return (to >= 0 && close(to)) || err ? -1 : 0;
}

static int put_text(const char *folder, const char *name, const char *text)
{
	int to = create(folder, name), err = -1;
	size_t len = strlen(text);

	if (to >= 0)
		err = write(to, text, len) == (ssize_t)len ? 0 : -1;
	return (to >= 0 && close(to)) || err ? -1 : 0;
}

int prepare_write(const char *folder, const struct qemu_options *options)
{
	int kernel = open(options->kernel, O_RDONLY | O_CLOEXEC), err;
	char memory[32];

	snprintf(memory, sizeof(memory), "%llu\n", (unsigned long long)(options->memory_bytes >> 20));
	err = put_file(folder, "kernel", kernel);
	if (!err)
		err = put_file(folder, "initrd", options->initrd_fd);
	if (!err)
		err = put_text(folder, "line", options->command_line);
	if (!err)
		err = put_text(folder, "memory", memory);
	if (err)
		run_fail(0, "--prepare %s: %s", folder, strerror(errno));
	if (kernel >= 0)
		close(kernel);
	return err ? RUN_ENVIRONMENT : 0;
}
