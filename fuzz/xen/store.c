/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A clone's part of xenstore (docs/misc/xenstore-paths.pandoc in Xen's sources; what xl writes is the model): itself,
 * its console, its network interface and its disks, all of whose backends are dom0's.
 */
#include "store.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#define PATH_SIZE 256
#define BACKEND_MS 10000
#define ANSWER_MS 5000
#define ANSWER_LOOK_US 2000
#define CONSOLE_LIMIT "1048576"

/* By the kernel's way one that has died would be waited for for ever. */
struct xs_handle *store_open(void)
{
	struct xs_handle *store = xs_open(XS_OPEN_SOCKETONLY);

	return store || !access(xs_daemon_socket(), F_OK) ? store : xs_open(0);
}

/* Where there is only the kernel's way, one that has died is heard of by its silence: somebody else waits for that. */
bool store_answers(void)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		struct xs_handle *store = xs_open(0);

		_exit(store && xs_read(store, XBT_NULL, "/", NULL) ? 0 : 1);
	}
	for (unsigned looks = 0; pid > 0 && !waitpid(pid, &status, WNOHANG); looks++) {
		usleep(ANSWER_LOOK_US);
		if (looks < ANSWER_MS * 1000 / ANSWER_LOOK_US)
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		break;
	}
	if (pid > 0)
		errno = WIFEXITED(status) ? ECONNREFUSED : ETIMEDOUT;
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* ---- single keys ---- */

void store_read(struct xs_handle *store, char *text, size_t size, const char *path, ...)
{
	char full[PATH_SIZE];
	va_list list;
	char *value;

	va_start(list, path);
	vsnprintf(full, sizeof(full), path, list);
	va_end(list);
	value = xs_read(store, XBT_NULL, full, NULL);
	snprintf(text, size, "%s", value ?: "");
	free(value);
}

int store_write(struct xs_handle *store, const char *value, const char *path, ...)
{
	char full[PATH_SIZE];
	va_list list;

	va_start(list, path);
	vsnprintf(full, sizeof(full), path, list);
	va_end(list);
	return xs_write(store, XBT_NULL, full, value, (unsigned)strlen(value)) ? 0 : -1;
}

/* ---- many at once ---- */

/* Keys that become visible together. After a failure nothing is written any more. */
struct writer {
	struct xs_handle *store;
	xs_transaction_t transaction;
	uint32_t domain;
	bool failed;
};

/* A key has the permissions of the folder that it is made in. */
static void put(struct writer *w, const char *value, const char *path, ...) __attribute__((format(printf, 3, 4)));
static void put(struct writer *w, const char *value, const char *path, ...)
{
	char full[PATH_SIZE];
	va_list list;

	va_start(list, path);
	vsnprintf(full, sizeof(full), path, list);
	va_end(list);
	w->failed = w->failed || !xs_write(w->store, w->transaction, full, value, (unsigned)strlen(value));
}

static void put_number(struct writer *w, uint64_t number, const char *folder, const char *key)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put(w, text, "%s/%s", folder, key);
}

/* What the guest may read; and what it may write. */
static void put_folder(struct writer *w, bool to_write, const char *path)
{
	struct xs_permissions permissions[] = { { .id = to_write ? w->domain : 0, .perms = XS_PERM_NONE },
						{ .id = to_write ? 0 : w->domain, .perms = XS_PERM_READ } };

	put(w, "", "%s", path);
	w->failed = w->failed || !xs_set_permissions(w->store, w->transaction, path, permissions, 2);
}

/* The two halves of a device, and the toolstack's own list of it, by which xl destroys it. */
struct device {
	const char *type;
	unsigned number;
	char front[PATH_SIZE], back[PATH_SIZE], list[PATH_SIZE];
};

static struct device put_device(struct writer *w, const char *type, unsigned number, const char *front, bool to_write)
{
	struct device device = { .type = type, .number = number };
	uint32_t domain = w->domain;
	char id[16];

	snprintf(id, sizeof(id), "%u", domain);
	snprintf(device.front, sizeof(device.front), front, domain, type, number);
	snprintf(device.back, sizeof(device.back), "/local/domain/0/backend/%s/%u/%u", type, domain, number);
	snprintf(device.list, sizeof(device.list), "/libxl/%u/device/%s/%u", domain, type, number);
	put_folder(w, to_write, device.front);
	put_folder(w, false, device.back);
	for (int i = 0; i < 2; i++) {
		const char *folder = i ? device.list : device.back;

		put(w, device.front, "%s/frontend", folder);
		put(w, id, "%s/frontend-id", folder);
		put(w, "1", "%s/online", folder);
		put(w, "1", "%s/state", folder);
	}
	put(w, device.back, "%s/backend", device.list);
	put(w, device.back, "%s/backend", device.front);
	put(w, "0", "%s/backend-id", device.front);
	return device;
}

/* A key of the parent's backend, for the clone's; where the parent has it. */
static void inherit(struct writer *w, const struct device *device, uint32_t parent, const char *key)
{
	char value[PATH_SIZE];

	store_read(w->store, value, sizeof(value), "/local/domain/0/backend/%s/%u/%u/%s", device->type, parent,
		   device->number, key);
	if (!*value)
		return;
	put(w, value, "%s/%s", device->back, key);
	put(w, value, "%s/%s", device->list, key);
}

static void put_interface(struct writer *w, const struct identity *who, uint32_t parent)
{
	struct device device = put_device(w, "vif", 0, "/local/domain/%u/device/%s/%u", true);

	inherit(w, &device, parent, "script");
	inherit(w, &device, parent, "bridge");
	put(w, who->mac, "%s/mac", device.back);
	put(w, "0", "%s/handle", device.back);
	put(w, "vif", "%s/type", device.back);
	if (*who->address)
		put(w, who->address, "%s/ip", device.back);
	put(w, "1", "%s/state", device.front);
	put(w, "0", "%s/handle", device.front);
	put(w, who->mac, "%s/mac", device.front);
	put(w, "1", "%s/trusted", device.front);
	put(w, "1500", "%s/mtu", device.front);
}

/* The block device that the parent's disk became in dom0 is the clone's too; nobody may write to it. */
static void put_disk(struct writer *w, unsigned number, uint32_t parent)
{
	static const char *const keys[] = { "params", "script", "physical-device", "dev",	     "type",
					    "mode",   "device-type", "removable",	"bootable", "hotplug-status" };
	struct device device = put_device(w, "vbd", number, "/local/domain/%u/device/%s/%u", true);
	char text[16];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		inherit(w, &device, parent, keys[i]);
	snprintf(text, sizeof(text), "%u", number);
	put(w, "1", "%s/state", device.front);
	put(w, text, "%s/virtual-device", device.front);
	put(w, "disk", "%s/device-type", device.front);
	put(w, "1", "%s/trusted", device.front);
}

static void put_disks(struct writer *w, uint32_t parent)
{
	char path[PATH_SIZE];
	unsigned count = 0;
	char **names;

	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%u", parent);
	names = xs_directory(w->store, w->transaction, path, &count);
	for (unsigned i = 0; names && i < count; i++)
		put_disk(w, (unsigned)strtoul(names[i], NULL, 10), parent);
	free(names);
}

static void put_console(struct writer *w, const struct identity *who)
{
	struct device device = put_device(w, "console", 0, "/local/domain/%u/console", false);

	put(w, "vt100", "%s/protocol", device.back);
	put(w, CONSOLE_LIMIT, "%s/limit", device.front);
	put(w, "xenconsoled", "%s/type", device.front);
	put(w, "pty", "%s/output", device.front);
	put(w, "", "%s/tty", device.front);
	put_number(w, who->console_port, device.front, "port");
	put_number(w, who->console_page, device.front, "ring-ref");
}

static void put_domain(struct writer *w, const struct identity *who)
{
	static const char *const guests[] = { "control/shutdown", "control/feature-poweroff", "control/feature-reboot",
					      "control/feature-suspend", "control/sysrq", "data", "drivers", "feature",
					      "attr", "error", "device/suspend/event-channel" };
	char home[64], path[128];
	uint32_t domain = who->domain;

	snprintf(home, sizeof(home), "/local/domain/%u", domain);
	put_folder(w, false, home);
	snprintf(path, sizeof(path), "/vm/saki-clone-%u", domain);
	put_folder(w, false, path);
	put(w, who->name, "%s/name", path);
	put(w, path, "%s/vm", home);
	put(w, who->name, "%s/name", home);
	put_number(w, domain, home, "domid");
	put(w, "online", "%s/cpu/0/availability", home);
	put_number(w, who->memory_kib, home, "memory/static-max");
	put_number(w, who->memory_kib, home, "memory/target");
	put_number(w, who->store_port, home, "store/port");
	put_number(w, who->store_page, home, "store/ring-ref");
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, guests[i]);
		put_folder(w, true, path);
	}
	put(w, "pvh", "/libxl/%u/type", domain);
}

int store_add(struct xs_handle *store, const struct identity *who, uint32_t parent)
{
	/* Somebody else's changes may come in between: then it is done again. */
	for (int tries = 0; tries < 10; tries++) {
		struct writer w = { .store = store, .domain = who->domain };

		w.transaction = xs_transaction_start(store);
		if (w.transaction == XBT_NULL)
			return -1;
		put_domain(&w, who);
		put_console(&w, who);
		put_interface(&w, who, parent);
		put_disks(&w, parent);
		if (xs_transaction_end(store, w.transaction, w.failed))
			return !w.failed && xs_introduce_domain(store, who->domain, who->store_page, who->store_port)
				       ? 0
				       : -1;
		if (errno != EAGAIN)
			return -1;
	}
	return -1;
}

/* ---- this side's end of the wire ---- */

/* As xl calls it (docs/misc/xl-network-configuration). */
static int run_script(const char *script, const char *vif, const char *path)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		setenv("script", script, 1);
		setenv("vif", vif, 1);
		setenv("XENBUS_TYPE", "vif", 1);
		setenv("XENBUS_PATH", path, 1);
		setenv("XENBUS_BASE_PATH", "backend", 1);
		dup2(2, 1);
		execl(script, script, "online", "type_if=vif", (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -1 : 0;
}

int store_connect(struct xs_handle *store, uint32_t domain)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	char path[PATH_SIZE], vif[32], script[PATH_SIZE], state[16] = "";

	snprintf(path, sizeof(path), "backend/vif/%u/0", domain);
	snprintf(vif, sizeof(vif), "vif%u.0", domain);
	for (int ms = 0; ms < BACKEND_MS && atoi(state) < 2; ms++) {
		nanosleep(&nap, NULL);
		store_read(store, state, sizeof(state), "/local/domain/0/%s/state", path);
	}
	store_read(store, script, sizeof(script), "/local/domain/0/%s/script", path);
	errno = ETIMEDOUT;
	if (atoi(state) < 2)
		return -1;
	errno = EIO;
	return *script ? run_script(script, vif, path) : 0;
}

/* ---- its end ---- */

void store_remove(struct xs_handle *store, uint32_t domain)
{
	static const char *const paths[] = { "/local/domain/0/backend/vif/%u", "/local/domain/0/backend/vbd/%u",
					     "/local/domain/0/backend/console/%u", "/vm/saki-clone-%u",
					     "/libxl/%u", "/local/domain/%u" };
	char path[PATH_SIZE];

	/* What has no backend any more has no interface: the driver sees that. */
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(path, sizeof(path), paths[i], domain);
		xs_rm(store, XBT_NULL, path);
	}
}
