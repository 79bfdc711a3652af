/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of all devices, and what is counted and said of those that do what they must not.
 */
#include <kernel/device.h>

#include <kernel/atomic.h>
#include <kernel/log.h>
#include <kernel/metrics.h>
#include <kernel/mutex.h>

#define OFFENCES_LOGGED 3

static struct mutex lock = MUTEX_INIT(lock);
static struct list devices = LIST_INIT(devices);

void device_add(struct device *device, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format_va(device->name, sizeof(device->name), fmt, args);
	va_end(args);
	device->offences = 0;
	mutex_lock(&lock);
	list_append(&devices, &device->node);
	mutex_unlock(&lock);
}

void device_remove(struct device *device)
{
	mutex_lock(&lock);
	list_remove(&device->node);
	mutex_unlock(&lock);
}

static int put_offences(struct device *device, void *context)
{
	metric_sample(context, device->name, atomic_load_relaxed(&device->offences));
	return 0;
}

static void collect_offences(struct metric_sink *sink, unsigned argument UNUSED)
{
	device_foreach(put_offences, sink);
}
METRIC_COUNTERS_CALL(device_offences, "Things a device did that it must not", "device", collect_offences, 0);

int device_foreach(int (*visit)(struct device *device, void *context), void *context)
{
	int result = 0;

	mutex_lock(&lock);
	list_foreach(&devices, struct device, node, device) {
		result = visit(device, context);
		if (result)
			break;
	}
	mutex_unlock(&lock);
	return result;
}

void device_offence(struct device *device, const char *fmt, ...)
{
	char text[96];
	va_list args;

	if (atomic_fetch_add(&device->offences, 1) >= OFFENCES_LOGGED || !log_shows(LOG_WARNING))
		return;
	va_start(args, fmt);
	format_va(text, sizeof(text), fmt, args);
	va_end(args);
	log_warning("%s (%s): %s", device->name, device->driver ?: "no driver", text);
}
