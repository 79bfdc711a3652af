/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What drivers of Xen's devices need of the platform (kernel/xen.h).
 */
#include "xen_internal.h"

#include <kernel/irq.h>
#include <kernel/log.h>
#include <kernel/xen.h>

static int host_event_open(const struct xen_host *host UNUSED, uint16_t domain, uint32_t *port)
{
	return event_alloc(domain, port);
}

static void host_event_close(const struct xen_host *host UNUSED, uint32_t port)
{
	event_close(port);
}

static void host_event_send(const struct xen_host *host UNUSED, uint32_t port)
{
	event_send(port);
}

static int host_event_bind(const struct xen_host *host UNUSED, uint32_t port, irq_handler_t *handler, void *arg)
{
	return irq_line(port, handler, arg);
}

static void host_event_unbind(const struct xen_host *host UNUSED, int name)
{
	irq_release(name);
}

static struct xen_host xen_host = {
	.grant = grant_page,
	.ungrant = grant_end,
	.event_open = host_event_open,
	.event_close = host_event_close,
	.event_send = host_event_send,
	.event_bind = host_event_bind,
	.event_unbind = host_event_unbind,
};

/* A copy's ring is where the other one's was, as its memory is; its channel is another one. */
int xen_host_in_copy(void)
{
	xen_host.store_port = (uint32_t)xen_param(HVM_PARAM_STORE_EVTCHN);
	return grant_in_copy();
}

const struct xen_host *xen_find_host(void)
{
	int err = grant_init();

	xen_host.store = xen_map_frame(xen_param(HVM_PARAM_STORE_PFN));
	xen_host.store_port = (uint32_t)xen_param(HVM_PARAM_STORE_EVTCHN);
	if (!err && xen_host.store && xen_host.store_port)
		return &xen_host;
	log_warning("xen: no %s: there are no devices", err ? "grant table" : "xenstore");
	return NULL;
}
