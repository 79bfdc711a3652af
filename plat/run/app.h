/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program of the catalogue: what its recipe says, and where its initrd is.
 */
#pragma once

#include <limits.h>
#include <stddef.h>

#define APP_ENV_MAX 16

struct app {
	char name[64];          /* of the recipe */
	char program[256];      /* path in the guest; "": the program is none of the catalogue */
	char memory[16];        /* of the machine; "" where the recipe says nothing */
	char env[APP_ENV_MAX][256];
	size_t env_count;
	char initrd[PATH_MAX];
	char host[PATH_MAX];    /* the program's own file, for a debugger */
};

/**
 * Looks a bare name up in the catalogue, and makes its initrd where that is older than the recipe or missing.
 *
 * @return 0, with app->program[0] when there is one; an exit status after an error line.
 */
int app_find(struct app *app, const char *wanted);
