/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed text of the page: its looks, and the threat model.
 */
#pragma once

extern const char report_head[];	/* up to and with the title */
extern const char report_threat_model[];
