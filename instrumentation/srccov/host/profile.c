/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LLVM's raw profile (compiler-rt, InstrProfData.inc, version 10, as LLVM 19 reads it): a header of sixteen 64-bit
 * words, then the data section, the counters and the names, the last padded to 8 bytes.
 */
#include "cov.h"

#include <errno.h>
#include <stdio.h>

#define RAW_MAGIC UINT64_C(0xff6c70726f667281) /* "\377lprofr\201" */
#define RAW_VERSION 10
#define DATA_ENTRY 64
#define VALUE_KIND_LAST 2

int profile_write(const char *path, const struct image_tables *tables, const uint64_t *counters)
{
	static const uint8_t padding[8];
	const uint64_t header[16] = {
		[0] = RAW_MAGIC,
		[1] = RAW_VERSION,
		[3] = tables->data_size / DATA_ENTRY,
		[5] = tables->counter_count,
		[9] = tables->names_size,
		[10] = tables->counters_virt - tables->data_virt,
		[11] = tables->counters_virt - tables->data_virt, /* of bitmaps, of which there are none */
		[12] = tables->names_virt,
		[15] = VALUE_KIND_LAST,
	};
	FILE *out = fopen(path, "wbe");
	size_t pad = -tables->names_size % sizeof(padding);
	int failed;

	if (!out)
		return -1;
	failed = fwrite(header, sizeof(header), 1, out) != 1 ||
		 fwrite(tables->data, 1, tables->data_size, out) != tables->data_size ||
		 fwrite(counters, sizeof(*counters), tables->counter_count, out) != tables->counter_count ||
		 fwrite(tables->names, 1, tables->names_size, out) != tables->names_size ||
		 fwrite(padding, 1, pad, out) != pad;
	failed |= fclose(out) != 0;
	if (failed && !errno)
		errno = EIO;
	return failed ? -1 : 0;
}
