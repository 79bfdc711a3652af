/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/net, whose texts are kernel/net's. Linux: proc(5), Documentation/networking/proc_net_tcp.
 */
#include "proc.h"

#define FILE_OF_NET(file_name, function)                                                                               \
	{ .name = IS_ENABLED(CONFIG_NET) ? (file_name) : NULL,                                                         \
	  .mode = S_IFREG | 0444,                                                                                      \
	  .show = IS_ENABLED(CONFIG_NET) ? (function) : NULL }

const struct proc_node proc_net_entries[] = {
	PROC_FILE("unix", 0444, net_show_unix),
	FILE_OF_NET("arp", net_show_arp),
	FILE_OF_NET("dev", net_show_dev),
	FILE_OF_NET("if_inet6", net_show_if_inet6),
	FILE_OF_NET("netstat", net_show_netstat),
	FILE_OF_NET("route", net_show_route),
	FILE_OF_NET("snmp", net_show_snmp),
	FILE_OF_NET("sockstat", net_show_sockstat),
	FILE_OF_NET("tcp", net_show_tcp),
	FILE_OF_NET("tcp6", net_show_tcp6),
	FILE_OF_NET("udp", net_show_udp),
	FILE_OF_NET("udp6", net_show_udp6),
	{ .name = NULL },
};
