/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text that describes this build's events (trace_abi.h). Made from events.tbl, for the kernel and for host
 * programs.
 */
#pragma once

extern const char trace_description[];	/* NUL-terminated */
extern const unsigned trace_description_size; /* bytes, without the NUL */
