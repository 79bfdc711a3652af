/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared library of shares.c. */
#pragma once

unsigned long spin_library(unsigned rounds);
