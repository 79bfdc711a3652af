/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Common Trace Format, version 1.8 (diamon.org/ctf): `metadata` says in TSDL what lies in the files stream_N, one
 * a CPU.
 *
 * All is aligned to bytes. A packet begins with magic and stream_id, then timestamps of its first and last event, its
 * content and itself in bits, events_discarded since the start, and the CPU. An event begins with its number and
 * time, then the thread and, as context, the call chain; then its arguments. An address of the kernel's has its name
 * beside it.
 */
#pragma once

#include "recording.h"

#define CTF_MAGIC 0xc1fc1fc1u
#define CTF_PACKET_MAX (256u * 1024)	/* begins a new packet beyond that */

/* Writes the metadata. The stream's error indicator says whether it worked. */
void ctf_metadata(FILE *out, const struct recording *recording);
