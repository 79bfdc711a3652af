/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that nginx answers on an image.
 */
#pragma once

#include "presets.h"

/**
 * @param requests_per_s 0 where nginx did not come to answer, of which there was a line
 * @return 0, or INTERRUPTED
 */
int nginx_measure(const struct preset *preset, double *requests_per_s);
