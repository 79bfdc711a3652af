/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the toolstack asks of this domain (xenstore's "control/shutdown"; docs/misc/xenstore-paths.pandoc, "xl shutdown"
 * and "xl save"): to end, to begin anew, to stop for a copy. The request is taken by writing an empty text over it.
 */
#include <kernel/xen.h>

#include <kernel/atomic.h>
#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/power.h>
#include <kernel/process.h>
#include <kernel/string.h>
#include <kernel/suspend.h>
#include <kernel/thread.h>

#define REQUEST_PATH "control/shutdown"
#define REQUEST_MAX 16
#define NAME_SIZE 256 /* of a domain */

static struct xenstore *control_store;
static struct wait_queue asked = WAIT_QUEUE_INIT(asked);
static bool is_asked; /* atomic */

static void request_changed(struct xenstore_watch *watch UNUSED)
{
	atomic_store(&is_asked, true);
	wake_all(&asked);
}

static bool has_request(void *arg UNUSED)
{
	return atomic_load(&is_asked);
}

/* Tools ask only what a guest says that it does. Not all have made room for the word. */
static void say_features(void)
{
	static const char *const names[] = { "poweroff", "reboot", "suspend" };
	char path[32];

	for (size_t i = 0; i < array_size(names); i++) {
		format(path, sizeof(path), "control/feature-%s", names[i]);
		if (xenstore_write(control_store, path, "1"))
			log_debug("xen: %s cannot be written", path);
	}
}

/* A copy is called what its domain is. */
static void take_name(void)
{
	char name[NAME_SIZE];

	if (xenstore_read(control_store, "name", name, sizeof(name)) > 0)
		uname_set_host(name);
}

static void suspend(void)
{
	int copied = machine_suspend();

	if (copied < 0)
		log_warning("xen: the machine cannot be suspended: %s", errno_name(-copied));
	if (copied > 0) {
		take_name();
		say_features();
	}
}

static void obey(const char *request)
{
	if (!strcmp(request, "suspend"))
		suspend();
	else if (!strcmp(request, "poweroff") || !strcmp(request, "halt"))
		power_ask(false);
	else if (!strcmp(request, "reboot"))
		power_ask(true);
	else
		log_warning("xen: asked for \"%s\", which is nothing", request);
}

static void control_main(void *arg UNUSED)
{
	char request[REQUEST_MAX];
	ssize_t len;

	for (;;) {
		wait_for_work(&asked, has_request, NULL);
		atomic_store(&is_asked, false);
		len = xenstore_read(control_store, REQUEST_PATH, request, sizeof(request));
		if (len <= 0 || xenstore_write(control_store, REQUEST_PATH, ""))
			continue;
		obey(request);
	}
}

void xen_control_start(struct xenstore *store)
{
	static struct xenstore_watch watch = { .path = REQUEST_PATH, .changed = request_changed };
	struct thread *thread = thread_create("xen-control", control_main, NULL);
	int err = thread ? 0 : -ENOMEM;

	control_store = store;
	if (!err)
		err = xenstore_watch(store, &watch);
	if (err) {
		log_warning("xen: nobody does what is asked for by " REQUEST_PATH ": %s", errno_name(-err));
		if (thread)
			thread_put(thread);
		return;
	}
	say_features();
	thread_start(thread);
	thread_put(thread);
}
