/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits and flags of extended attributes.
 */
#pragma once

#define XATTR_CREATE 1u
#define XATTR_REPLACE 2u
#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
#define XATTR_LIST_MAX 65536
