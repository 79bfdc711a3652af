/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a debugger needs to know: a free port to meet at, and where the program will be.
 */
#include "run.h"

#include <arpa/inet.h>
#include <elf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIE_BASE "0x555555554000" /* where the kernel puts position-independent programs (kernel/sys/elf.c) */

int gdb_choose_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&address, len) &&
	    !getsockname(fd, (struct sockaddr *)&address, &len))
		port = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

void gdb_explain(int port, const char *kernel, const char *program, int type)
{
	run_fail(0, "waiting for gdb; in another terminal:");
	fprintf(stderr, "  gdb %s -ex 'target remote 127.0.0.1:%d'", kernel, port);
	if (program)
		fprintf(stderr, " -ex 'add-symbol-file %s%s'", program, type == ET_DYN ? " -o " PIE_BASE : "");
	fputc('\n', stderr);
}
