/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki-prof-convert STREAM KERNEL INITRD EVENT OUT: what saki prof record does after a recording. For convert.test.
 */
#include "../recorded.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char error[PROFILE_ERROR];
	struct recorded recorded = { .command = argv };

	if (argc != 6)
		return 2;
	recorded.stream = argv[1];
	recorded.kernel = argv[2];
	recorded.initrd = argv[3];
	recorded.out = argv[5];
	for (size_t i = 0; i < recorded_kind_count; i++)
		if (!strcmp(recorded_kinds[i].name, argv[4]))
			recorded.kind = &recorded_kinds[i];
	if (!recorded.kind)
		return 2;
	if (recorded_convert(&recorded, error)) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	return 0;
}
