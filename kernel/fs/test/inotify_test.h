/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests of inotify share: its records as text.
 */
#pragma once

#include "fs_test.h"

/* An instance that does not wait, and a watch of its. */
int inotify_test_fd(void);
int inotify_test_watch(int fd, const char *path, unsigned mask);
/* All that is there to be read: "1 CREATE DIR name, 1 OPEN". The cookies of a move are checked to be the same. */
const char *inotify_test_told(int fd);
