/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of /proc whose content other rooms write (kernel/fs/proc.h has the tree). They are read in threads; a text may
 * be written while locks are held that the heap can be used under.
 */
#pragma once

#include <kernel/compiler.h>
#include <kernel/types.h>

struct process;

/* What a file is about, while it is written: process is NULL outside of /proc/PID, and may have ended. */
struct proc_subject {
	struct process *process;
	int tid, fd;
};

/* A text that grows; what does not fit into memory is noted, and becomes -ENOMEM. */
struct proc_text {
	char *buf;
	size_t len, room;
	bool failed;
};

void proc_print(struct proc_text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
void proc_put(struct proc_text *text, const void *data, size_t len);
/* A name in a line of words: blanks, and what else extra names, as \ooo. */
void proc_put_escaped(struct proc_text *text, const char *name, const char *extra);

/* ---- /proc/net (kernel/net): 0, or as in proc_node.show ---- */

int net_show_unix(struct proc_text *text, const struct proc_subject *subject);
/* Option NET. */
int net_show_arp(struct proc_text *text, const struct proc_subject *subject);
int net_show_dev(struct proc_text *text, const struct proc_subject *subject);
int net_show_if_inet6(struct proc_text *text, const struct proc_subject *subject);
int net_show_netstat(struct proc_text *text, const struct proc_subject *subject);
int net_show_route(struct proc_text *text, const struct proc_subject *subject);
int net_show_snmp(struct proc_text *text, const struct proc_subject *subject);
int net_show_sockstat(struct proc_text *text, const struct proc_subject *subject);
int net_show_tcp(struct proc_text *text, const struct proc_subject *subject);
int net_show_tcp6(struct proc_text *text, const struct proc_subject *subject);
int net_show_udp(struct proc_text *text, const struct proc_subject *subject);
int net_show_udp6(struct proc_text *text, const struct proc_subject *subject);
