/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a campaign shows on stderr: one line that is rewritten on a terminal, and seldom repeated elsewhere.
 */
#pragma once

#include "campaign.h"
#include "finding.h"

void progress_show(const struct campaign *campaign, double seconds, size_t findings);
/* The last line. */
void progress_end(const struct campaign *campaign, double seconds, size_t findings);
/* One line for a finding: its title, and the command that replays it. */
void progress_finding(const char *out, const struct finding *finding);

/* The name of the lowest planted bug in a canary word; NULL when it is 0. */
const char *planted_name(uint32_t canaries);
