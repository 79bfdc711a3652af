/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A header.
 */
int z;