/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that the host has for now (option DEVICES; kernel/dev/virtio_balloon.c).
 */
#pragma once

#include <kernel/types.h>

/* Takes a few pages back, if the host allows that when memory is short. False: there are none. Any context. */
bool balloon_give_back(void);
