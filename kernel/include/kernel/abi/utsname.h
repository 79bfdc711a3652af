/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uname(2)'s structure, with Linux's layout.
 */
#pragma once

#define UTS_LEN 65 /* with the NUL */

struct abi_utsname {
	char sysname[UTS_LEN];
	char nodename[UTS_LEN];
	char release[UTS_LEN];
	char version[UTS_LEN];
	char machine[UTS_LEN];
	char domainname[UTS_LEN];
};
