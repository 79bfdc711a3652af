/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a server is ready: it takes connections, or it has nothing more to do.
 */
#include "server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 5
#define CONNECT_MS 250		/* an answer that takes longer was lost, before its interface was there */
#define IDLE_MS 200
#define IDLE_NS 4000000u	/* CPU time in which it does nothing worth waiting for: timers */

double wait_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void nap(const struct waiting *w)
{
	const struct timespec time = { .tv_nsec = LOOK_MS * 1000000 };

	if (w->look)
		w->look(w->context);
	nanosleep(&time, NULL);
}

/* 0: it lives, and there is time. */
static int look(const struct waiting *w, double start_ms, xc_dominfo_t *info, const char *what, char *error)
{
	if (w->interrupted && *w->interrupted)
		return cloner_fail(error, "interrupted");
	if (xc_domain_getinfo(w->xc, w->domain, 1, info) != 1 || info->domid != w->domain)
		return cloner_fail(error, "domain %u is gone", w->domain);
	if (info->shutdown)
		return cloner_fail(error, "domain %u has ended", w->domain);
	if (wait_now_ms() - start_ms > w->seconds * 1e3)
		return cloner_fail(error, "domain %u %s in %u s", w->domain, what, w->seconds);
	return 0;
}

int wait_for_drivers(const struct waiting *w, struct xs_handle *store, char *error)
{
	double start = wait_now_ms();
	char feature[8], state[8];
	xc_dominfo_t info;

	for (;;) {
		if (look(w, start, &info, "did not find its devices", error))
			return -1;
		store_read(store, feature, sizeof(feature), "/local/domain/%u/control/feature-suspend", w->domain);
		store_read(store, state, sizeof(state), "/local/domain/0/backend/vif/%u/0/state", w->domain);
		if (atoi(feature) == 1 && atoi(state) == 4)
			return 0;
		nap(w);
	}
}

static bool answers(uint32_t address, unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(address) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = -1;
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(err);

	if (fd < 0)
		return false;
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err = 0;
	else if (errno == EINPROGRESS && poll(&ready, 1, CONNECT_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	close(fd);
	return !err;
}

int wait_for_port(const struct waiting *w, uint32_t address, unsigned port, char *error)
{
	double start = wait_now_ms();
	xc_dominfo_t info;
	char what[64];

	snprintf(what, sizeof(what), "took no connection at port %u", port);
	for (;;) {
		if (look(w, start, &info, what, error))
			return -1;
		if (answers(address, port))
			return 0;
		nap(w);
	}
}

/* One that does not get the CPU has not slept. */
int wait_for_idle(const struct waiting *w, char *error)
{
	double start = wait_now_ms(), since = start;
	uint64_t used = UINT64_MAX;
	xc_dominfo_t info;

	for (;;) {
		if (look(w, start, &info, "did not come to rest", error))
			return -1;
		if (!info.blocked || info.cpu_time - used > IDLE_NS) {
			used = info.cpu_time;
			since = wait_now_ms();
		}
		if (wait_now_ms() - since >= IDLE_MS)
			return 0;
		nap(w);
	}
}
