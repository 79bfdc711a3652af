/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes in 9P, which take several messages each. See kernel/fs/xattr.h.
 */
#pragma once

#include "../protocol.h"

int p9_xattr_set(struct remote_fid *fid, const char *name, const void *value, size_t size, unsigned flags);
ssize_t p9_xattr_get(struct remote_fid *fid, const char *name, void *buf, size_t size);
ssize_t p9_xattr_list(struct remote_fid *fid, void *buf, size_t size);
int p9_xattr_remove(struct remote_fid *fid, const char *name);
