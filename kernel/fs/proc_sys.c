/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/sys: settings of a Linux that programs look at. None of them can be set.
 */
#include <kernel/abi/utsname.h>
#include <kernel/aspace.h>
#include <kernel/log.h>
#include <kernel/random.h>
#include <kernel/suspend.h>

#include "inotify.h"
#include "proc.h"

#define PID_MAX 4194304
#define THREADS_MAX 4096
#define FILE_MAX 65536
#define PIPE_SIZE_MAX 1048576
#define UUID_SIZE 16

enum name { OSTYPE, OSRELEASE, VERSION, HOSTNAME, DOMAINNAME };

static int show_name(struct proc_text *text, enum name name)
{
	struct abi_utsname names;
	const char *const values[] = { names.sysname, names.release, names.version, names.nodename, names.domainname };

	uname_get(&names);
	proc_print(text, "%s\n", values[name]);
	return 0;
}

#define SHOW(function, expression)                                                                                     \
	static int show_##function(struct proc_text *text, const struct proc_subject *subject UNUSED)                  \
	{                                                                                                              \
		return expression;                                                                                     \
	}

static int put_number(struct proc_text *text, int value)
{
	proc_print(text, "%d\n", value);
	return 0;
}

/* A random UUID (RFC 9562, version 4). */
static int put_uuid(struct proc_text *text, uint8_t uuid[UUID_SIZE])
{
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	for (unsigned i = 0; i < UUID_SIZE; i++)
		proc_print(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	proc_print(text, "\n");
	return 0;
}

static int show_uuid(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	uint8_t uuid[UUID_SIZE];

	random_bytes(uuid, sizeof(uuid));
	return put_uuid(text, uuid);
}

static struct mutex boot_id_lock = MUTEX_INIT(boot_id_lock);
static bool boot_id_made = IS_ENABLED(CONFIG_FUZZ);

/* One for each boot, made when it is first asked for; an image for fuzzing has always the same. */
static int show_boot_id(struct proc_text *text, const struct proc_subject *subject UNUSED)
{
	static uint8_t id[UUID_SIZE];
	uint8_t copy[UUID_SIZE];

	mutex_lock(&boot_id_lock);
	if (!boot_id_made)
		random_bytes(id, sizeof(id));
	boot_id_made = true;
	for (unsigned i = 0; i < UUID_SIZE; i++)
		copy[i] = id[i];
	mutex_unlock(&boot_id_lock);
	return put_uuid(text, copy);
}

/* A copy of the machine is another one: for its programs, too. */
static void hold_boot_id(void)
{
	mutex_lock(&boot_id_lock);
}

static void renew_boot_id(bool copied)
{
	boot_id_made = IS_ENABLED(CONFIG_FUZZ) || (boot_id_made && !copied);
	mutex_unlock(&boot_id_lock);
}
SUSPEND_CALL(SUSPEND_CORE, boot_id, hold_boot_id, NULL, renew_boot_id);

SHOW(ostype, show_name(text, OSTYPE))
SHOW(osrelease, show_name(text, OSRELEASE))
SHOW(version, show_name(text, VERSION))
SHOW(hostname, show_name(text, HOSTNAME))
SHOW(domainname, show_name(text, DOMAINNAME))
SHOW(pid_max, put_number(text, PID_MAX))
SHOW(threads_max, put_number(text, THREADS_MAX))
SHOW(file_max, put_number(text, FILE_MAX))
SHOW(pipe_max_size, put_number(text, PIPE_SIZE_MAX))
SHOW(inotify_events, put_number(text, INOTIFY_EVENTS_MAX))
SHOW(inotify_instances, put_number(text, INOTIFY_INSTANCES_MAX))
SHOW(inotify_watches, put_number(text, INOTIFY_WATCHES_MAX))
SHOW(max_map_count, put_number(text, ASPACE_REGIONS_MAX))
/* Memory is given out when it is touched: Linux calls that 1, "always overcommit". */
SHOW(overcommit, put_number(text, 1))

static const struct proc_node random_entries[] = {
	PROC_FILE("boot_id", 0444, show_boot_id),
	PROC_FILE("uuid", 0444, show_uuid),
	{ .name = NULL },
};

static const struct proc_node kernel_entries[] = {
	PROC_FILE("domainname", 0644, show_domainname),
	PROC_FILE("hostname", 0644, show_hostname),
	PROC_FILE("osrelease", 0444, show_osrelease),
	PROC_FILE("ostype", 0444, show_ostype),
	PROC_FILE("pid_max", 0644, show_pid_max),
	PROC_DIR("random", 0555, random_entries),
	PROC_FILE("threads-max", 0644, show_threads_max),
	PROC_FILE("version", 0444, show_version),
	{ .name = NULL },
};

static const struct proc_node vm_entries[] = {
	PROC_FILE("max_map_count", 0644, show_max_map_count),
	PROC_FILE("overcommit_memory", 0644, show_overcommit),
	{ .name = NULL },
};

static const struct proc_node inotify_entries[] = {
	PROC_FILE("max_queued_events", 0644, show_inotify_events),
	PROC_FILE("max_user_instances", 0644, show_inotify_instances),
	PROC_FILE("max_user_watches", 0644, show_inotify_watches),
	{ .name = NULL },
};

static const struct proc_node fs_entries[] = {
	PROC_FILE("file-max", 0644, show_file_max),
	PROC_DIR("inotify", 0555, inotify_entries),
	PROC_FILE("pipe-max-size", 0644, show_pipe_max_size),
	{ .name = NULL },
};

const struct proc_node proc_sys_entries[] = {
	PROC_DIR("fs", 0555, fs_entries),
	PROC_DIR("kernel", 0555, kernel_entries),
	PROC_DIR("vm", 0555, vm_entries),
	{ .name = NULL },
};
