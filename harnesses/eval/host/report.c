/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of an evaluation: see report.h.
 */
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <plat/run/image.h>
#include <string.h>
#include <sys/stat.h>

#include "eval.h"

static int write_one(const struct report *report, const char *folder, const char *name,
		     void (*put)(const struct report *report, FILE *out))
{
	char path[PATH_MAX];
	FILE *file;
	bool failed;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return run_fail(EVAL_ENVIRONMENT, "%.100s...: too long a name", folder);
	file = fopen(path, "we");
	if (!file)
		return run_fail(EVAL_ENVIRONMENT, "%s: %s", path, strerror(errno));
	put(report, file);
	failed = ferror(file) != 0;
	if (fclose(file) || failed)
		return run_fail(EVAL_ENVIRONMENT, "%s: %s", path, strerror(errno));
	return 0;
}

int report_write(const struct report *report, const char *folder)
{
	int status;

	if (mkdir(folder, 0777) && errno != EEXIST)
		return run_fail(EVAL_ENVIRONMENT, "%s: %s", folder, strerror(errno));
	status = write_one(report, folder, "results.json", report_json);
	return status ? status : write_one(report, folder, "index.html", report_page);
}
