/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that serves, in a domain that is suspended when it is ready, and in clones of that: each has an interface,
 * an address and secrets of its own.
 */
#pragma once

#include "internal.h"
#include "store.h"

/* console.c: of a domain that marks what it says (plat/xen/console.c). */
struct console {
	int fd;				/* -1: not opened yet */
	bool escaped, in_status;
	int status;			/* -1: it has not ended */
	char line[160];			/* the last one that it said, or what there is of the next */
	size_t line_len;
	char last[160];
};
void console_init(struct console *console);
/* What there is; verbose: also to stderr. */
void console_read(struct console *console, struct xs_handle *store, uint32_t domain, bool verbose);
void console_close(struct console *console);

struct server_options {
	const char *folder;		/* of program_prepare() */
	const char *name;		/* the program's */
	const char *bridge;		/* of dom0's */
	uint32_t address;		/* the parent's; clones have those behind it. In the CPU's order */
	unsigned bits;			/* of its network */
	unsigned port;			/* 0: it is ready when it sleeps */
	unsigned memory_mib;		/* 0: as the folder says */
	bool verbose;			/* what the domains say, to stderr */
	const volatile sig_atomic_t *interrupted;
};

struct server;

/* Boots it, waits until it is ready, and has it suspended. NULL with one line in error. */
struct server *server_open(const struct server_options *options, char *error);
/* Its clones are gone. */
void server_close(struct server *server);
/* xenstore still answers. */
bool server_is_known(struct server *server);
struct cloner *server_cloner(struct server *server);
double server_ready_ms(const struct server *server);

/* One more clone, which runs; times in ms. NULL with one line in error. */
struct server_clone {
	struct clone *clone;
	struct identity who;
	struct console console;
	double made_ms;			/* until it ran */
	double answers_ms;		/* from there to its first answer; 0: it has no port */
};
int server_clone(struct server *server, struct server_clone *out, char *error);
void server_clone_end(struct server_clone *clone);

/* Takes what the clones' consoles have, so that none waits for a reader. */
void server_drain(struct server *server, struct server_clone *clones, size_t count);
/* "10.77.0.3" of "10.77.0.3/24", in text. */
void server_address(const struct server_clone *clone, char text[STORE_ADDRESS]);

/* wait.c: waiting for a server. 0; -1 with one line in error. */
struct waiting {
	xc_interface *xc;
	uint32_t domain;
	const volatile sig_atomic_t *interrupted;
	unsigned seconds;		/* how long at most */
	void (*look)(void *context);	/* now and then, meanwhile */
	void *context;
};
double wait_now_ms(void);
/* Until it has said that it can be suspended, and its interface is connected. */
int wait_for_drivers(const struct waiting *w, struct xs_handle *store, char *error);
/* Until a connection to the port is taken. */
int wait_for_port(const struct waiting *w, uint32_t address, unsigned port, char *error);
/* Until it has slept for a while. */
int wait_for_idle(const struct waiting *w, char *error);
