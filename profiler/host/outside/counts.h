/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the plugin that counts instructions has written (profiler/plugin/count_abi.h).
 */
#pragma once

#include "guest.h"

/*
 * Tells of each block of code as if it were a sample: where it is, and as its period the instructions that were
 * executed there. Code of programs is that of the latest process that was seen to have something mapped there.
 *
 * @param told	how many
 * @return 0, or -1 with one line in error (PROFILE_ERROR bytes).
 */
int counts_tell(const char *path, const struct guest_known *known, struct outside_stream *stream,
		const struct outside_at *at, uint64_t *told, char *error);
