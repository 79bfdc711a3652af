/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP asks for the C library's; the kernel has its own. */
#pragma once

#include <kernel/string.h>
