/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Warm clones of a server. The parent is asked to suspend itself as any guest is, by xenstore's control/shutdown, once
 * it is ready; each clone is a domain to xenstore as those of xl's are, and its kernel connects to its own backends.
 */
#include "server.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include <xen/hvm/params.h>
#include <xenguest.h>
#include <xenstore.h>

#define PATH_SIZE 512
#define LINE_SIZE 4096
#define READY_SECONDS 60
#define ANSWER_SECONDS 20
#define OWN_SCRIPT "saki-vif"		/* the lab's, where Xen's own is not installed */
#define SCRIPTS "/etc/xen/scripts/"

struct server {
	struct server_options options;
	char kernel[PATH_SIZE], initrd[PATH_SIZE], line[LINE_SIZE];
	char disk[PATH_MAX];		/* that all see and nobody writes; "": none */
	struct xs_handle *store;
	struct cloner_hooks hooks;
	struct cloner *cloner;
	uint32_t parent;
	struct console console;
	struct identity *joining;	/* who the next clone is */
	unsigned clones;		/* how many there were */
	double start_ms, ready_ms;
};

/* ---- the parent ---- */

static void put_address(char text[STORE_ADDRESS], uint32_t address, unsigned bits)
{
	snprintf(text, STORE_ADDRESS, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
		 address & 255, bits);
}

static void configure(void *context, FILE *config)
{
	const struct server *server = context;
	const struct server_options *o = &server->options;
	char address[STORE_ADDRESS];

	put_address(address, o->address, o->bits);
	config_put(config, "ramdisk", server->initrd);
	fprintf(config, "vif=['bridge=%s,ip=%s%s']\n", o->bridge, address,
		access(SCRIPTS "vif-bridge", X_OK) && !access(SCRIPTS OWN_SCRIPT, X_OK) ? ",script=" OWN_SCRIPT : "");
	if (*server->disk)
		fprintf(config, "disk=['vdev=xvda,format=raw,access=ro%s,target=%s']\n",
			access(SCRIPTS "block", X_OK) && !access(SCRIPTS "saki-disk", X_OK) ? ",script=saki-disk" : "",
			server->disk);
}

static void look_at_parent(void *context)
{
	struct server *server = context;

	console_read(&server->console, server->store, server->parent, server->options.verbose);
}

/* What it said last is worth more than that it has ended. */
static int explain(struct server *server, char *error)
{
	const struct console *console = &server->console;
	char why[CLONER_ERROR];

	usleep(100000);
	look_at_parent(server);
	snprintf(why, sizeof(why), "%s", console->line_len ? console->line : console->last);
	if (console->status < 0) {
		if (*why)
			snprintf(error + strlen(error), CLONER_ERROR - strlen(error), "; it said last: %.120s", why);
		return -1;
	}
	return cloner_fail(error, "%s ended before it was ready (exit status %d)%s%.120s", server->options.name,
			   console->status, *why ? ": " : "", why);
}

static int prepare(void *context, uint32_t parent, char *error)
{
	struct server *server = context;
	struct waiting w = { .domain = parent,
			     .interrupted = server->options.interrupted,
			     .seconds = READY_SECONDS,
			     .look = look_at_parent,
			     .context = server };
	int err;

	w.xc = xc_interface_open(NULL, NULL, 0);
	if (!w.xc)
		return cloner_fail(error, "Xen does not answer: %s", strerror(errno));
	server->parent = parent;
	err = wait_for_drivers(&w, server->store, error);
	if (!err && server->options.port)
		err = wait_for_port(&w, server->options.address, server->options.port, error);
	/* Also of the connection that was tried nothing is left in it. */
	if (!err)
		err = wait_for_idle(&w, error);
	xc_interface_close(w.xc);
	if (err)
		return *server->options.interrupted ? err : explain(server, error);
	server->ready_ms = wait_now_ms() - server->start_ms;
	return store_write(server->store, "suspend", "/local/domain/%u/control/shutdown", parent)
		       ? cloner_fail(error, "domain %u cannot be asked to suspend itself: %s", parent, strerror(errno))
		       : 0;
}

/* ---- a clone ---- */

/* What a page of the clone's says is between its parent and others. */
static int clear_page(struct cloner *cloner, uint32_t domain, uint64_t page)
{
	xen_pfn_t frame = page;
	void *mapped = xenforeignmemory_map(cloner->foreign, domain, PROT_READ | PROT_WRITE, 1, &frame, NULL);

	if (!mapped)
		return -1;
	memset(mapped, 0, PAGE);
	return xenforeignmemory_unmap(cloner->foreign, mapped, 1);
}

static int read_params(xc_interface *xc, uint32_t domain, struct identity *who)
{
	uint64_t store_port, console_port;

	if (xc_hvm_param_get(xc, domain, HVM_PARAM_STORE_EVTCHN, &store_port) ||
	    xc_hvm_param_get(xc, domain, HVM_PARAM_CONSOLE_EVTCHN, &console_port) ||
	    xc_hvm_param_get(xc, domain, HVM_PARAM_STORE_PFN, &who->store_page) ||
	    xc_hvm_param_get(xc, domain, HVM_PARAM_CONSOLE_PFN, &who->console_page))
		return -1;
	who->store_port = (uint32_t)store_port;
	who->console_port = (uint32_t)console_port;
	return 0;
}

/* The daemons reach both pages by grants that a toolstack makes. */
static int join(void *context, struct clone *clone, char *error)
{
	struct server *server = context;
	struct cloner *cloner = clone->cloner;
	struct identity *who = server->joining;
	uint32_t domain = clone->domain;

	who->domain = domain;
	snprintf(who->name, sizeof(who->name), "%s-%u", server->options.name, domain);
	if (read_params(cloner->xc, domain, who) || clear_page(cloner, domain, who->store_page) ||
	    clear_page(cloner, domain, who->console_page) ||
	    xc_dom_gnttab_seed(cloner->xc, domain, true, who->console_page, who->store_page, 0, 0))
		return cloner_fail(error, "a clone's pages for xenstore cannot be made: %s", strerror(errno));
	if (store_add(server->store, who, server->parent))
		return cloner_fail(error, "xenstore does not take a clone: %s", strerror(errno));
	if (store_connect(server->store, domain))
		return cloner_fail(error, "the network interface of a clone does not come up: %s", strerror(errno));
	return 0;
}

static void leave(void *context, uint32_t domain)
{
	const struct server *server = context;

	store_remove(server->store, domain);
}

/* Xen's own numbers (00:16:3e), of which three bytes are free. */
static int draw_mac(char mac[STORE_MAC])
{
	uint8_t bytes[3];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	snprintf(mac, STORE_MAC, "00:16:3e:%02x:%02x:%02x", bytes[0] & 0x7f, bytes[1], bytes[2]);
	return 0;
}

int server_clone(struct server *server, struct server_clone *out, char *error)
{
	struct waiting w = { .xc = server->cloner->xc,
			     .interrupted = server->options.interrupted,
			     .seconds = ANSWER_SECONDS };
	uint32_t address = server->options.address + server->clones + 1;
	double start = wait_now_ms(), runs;

	memset(out, 0, sizeof(*out));
	console_init(&out->console);
	server->joining = &out->who;
	out->who.memory_kib = server->options.memory_mib << 10;
	put_address(out->who.address, address, server->options.bits);
	if (draw_mac(out->who.mac))
		return cloner_fail(error, "no entropy: %s", strerror(errno));
	out->clone = cloner_clone(server->cloner, error);
	if (!out->clone)
		return -1;
	server->clones++;
	runs = wait_now_ms();
	out->made_ms = runs - start;
	w.domain = out->who.domain;
	if (!server->options.port)
		return 0;
	if (wait_for_port(&w, address, server->options.port, error))
		return -1;
	out->answers_ms = wait_now_ms() - runs;
	return 0;
}

void server_clone_end(struct server_clone *clone)
{
	console_close(&clone->console);
	clone_free(clone->clone);
	clone->clone = NULL;
}

void server_drain(struct server *server, struct server_clone *clones, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (clones[i].clone)
			console_read(&clones[i].console, server->store, clones[i].who.domain, server->options.verbose);
}

/* ---- all of it ---- */

static int read_text(const char *folder, const char *name, char *text, size_t size)
{
	char path[PATH_SIZE];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (file) {
		len = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[len] = '\0';
	return len ? 0 : -1;
}

static int read_folder(struct server *server, char *error)
{
	struct server_options *o = &server->options;
	char memory[32], bridge[PATH_SIZE];

	snprintf(server->kernel, sizeof(server->kernel), "%s/kernel", o->folder);
	snprintf(server->initrd, sizeof(server->initrd), "%s/initrd", o->folder);
	snprintf(bridge, sizeof(bridge), "%s/disk", o->folder);
	if (!realpath(bridge, server->disk))
		server->disk[0] = '\0';
	if (read_text(o->folder, "line", server->line, sizeof(server->line)) ||
	    read_text(o->folder, "memory", memory, sizeof(memory)))
		return cloner_fail(error, "%s is no folder of saki run --prepare: %s", o->folder, strerror(errno));
	if (!o->memory_mib)
		o->memory_mib = (unsigned)atoi(memory);
	snprintf(bridge, sizeof(bridge), "/sys/class/net/%s/bridge", o->bridge);
	return access(bridge, F_OK)
		       ? cloner_fail(error, "dom0 has no bridge %s: make it, or name another by --bridge", o->bridge)
		       : 0;
}

static int open_all(struct server *server, char *error)
{
	struct cloner_options wanted = { .kernel = server->kernel,
					 .command_line = server->line,
					 .hooks = &server->hooks,
					 .interrupted = server->options.interrupted };

	if (read_folder(server, error))
		return -1;
	wanted.memory_mib = server->options.memory_mib;
	server->store = store_open();
	if (!server->store)
		return cloner_fail(error, "xenstore does not answer: %s", strerror(errno));
	server->start_ms = wait_now_ms();
	server->cloner = cloner_open(&wanted, error);
	return server->cloner ? 0 : -1;
}

struct server *server_open(const struct server_options *options, char *error)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		cloner_fail(error, "out of memory");
		return NULL;
	}
	server->options = *options;
	server->hooks = (struct cloner_hooks){ configure, prepare, join, leave, server };
	console_init(&server->console);
	if (!open_all(server, error))
		return server;
	server_close(server);
	return NULL;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	cloner_close(server->cloner);
	console_close(&server->console);
	if (server->store)
		xs_close(server->store);
	free(server);
}

struct cloner *server_cloner(struct server *server)
{
	return server->cloner;
}

double server_ready_ms(const struct server *server)
{
	return server->ready_ms;
}

void server_address(const struct server_clone *clone, char text[STORE_ADDRESS])
{
	snprintf(text, STORE_ADDRESS, "%.*s", (int)strcspn(clone->who.address, "/"), clone->who.address);
}

bool server_is_known(struct server *server)
{
	char name[8];

	store_read(server->store, name, sizeof(name), "/local/domain/0/domid");
	return *name;
}
