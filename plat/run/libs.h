/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files that a dynamically linked program needs beside itself: its interpreter and, one by one, the libraries.
 */
#pragma once

#include "cpio.h"

/**
 * Adds them for the ELF program open as fd, found on the host at path. The interpreter keeps its path; a library is
 * put where the guest's linker, which has no cache, finds it. A static program needs nothing.
 * @return 0; -1 with one line in cpio->error, or in missing the name of a library that is nowhere.
 */
int libs_add(struct cpio *cpio, int fd, const char *path, char missing[256]);
