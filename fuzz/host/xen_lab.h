/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running this program where Xen is: see xen_lab.c.
 */
#pragma once

struct options;

/* In place of what the command line asks for; returns only where that cannot be done, an exit status. */
int xen_lab_run(const struct options *options, bool bench, int argc, char **argv);
