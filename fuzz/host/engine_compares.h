/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publishes the comparisons of the last run for the mutator (fuzz/abi/compares.h).
 */
#pragma once

#include "executor.h"

/*
 * Makes WORK/compares and sets SAKI_COMPARES for this process. Without memory or disk there are no comparisons,
 * that is all.
 */
void compares_open(const char *work);
void compares_publish(struct executor *executor);
