/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running on Xen: in the dom0 that this is, or in the lab, a dom0 in QEMU (plat/xen/lab/lab.py).
 */
#pragma once

#include "qemu.h"

/* True in a dom0 that can make domains. */
int dom0_is_here(void);

/**
 * Makes options those of a machine with the lab in it: initrd_fd becomes what dom0 gets, with our kernel, its command
 * line and its initrd; the latter two are taken from options.
 *
 * @return 0 or an exit status, after an error line; lab_release() is to be called in either case
 */
int lab_prepare(struct qemu_options *options);
/* Closes what lab_prepare() opened. Nothing on options of another machine. */
void lab_release(struct qemu_options *options);

/* Starts saki-domain in the dom0 that this is. As qemu_start(). */
pid_t dom0_start(const struct qemu_options *options, char *error);
