/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guardian: a process that only waits for the end of the one that clones, and then destroys the domains that are
 * left, so that none stays behind even if that was killed. It hears of each domain through a pipe, whose end tells it
 * of ours. It is in a session of its own, out of reach of an interrupt from the terminal.
 */
#include "internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOMAINS_MAX 0x7ff0 /* DOMID_FIRST_RESERVED: numbers are given out one after the other, up to there */

#define XL_SECONDS 10

struct message {
	uint32_t domain;
	uint32_t there;
};

/* Without xenstored xl waits for ever: then it is not asked again. */
static void xl_destroy(const char *domain)
{
	static bool hangs;
	pid_t pid = hangs ? -1 : fork();
	unsigned looks = 0;

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execlp("xl", "xl", "destroy", domain, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && !waitpid(pid, NULL, WNOHANG)) {
		usleep(10000);
		if (++looks < XL_SECONDS * 100)
			continue;
		hangs = true;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -1;
	}
}

void domain_destroy(xc_interface *xc, uint32_t domain)
{
	/* Takes it apart in pieces, where it is large. */
	while (xc_domain_destroy(xc, domain) && errno == EAGAIN)
		;
}

static void guard(int fd, const char *parent)
{
	static bool there[DOMAINS_MAX];
	struct message message;
	xc_interface *xc;

	while (read(fd, &message, sizeof(message)) == sizeof(message))
		if (message.domain < DOMAINS_MAX)
			there[message.domain] = message.there;
	xc = xc_interface_open(NULL, NULL, 0);
	/* Of one that was made after our end nobody could tell. */
	xl_destroy(parent);
	for (uint32_t domain = 1; domain < DOMAINS_MAX; domain++) {
		xc_dominfo_t info;
		char text[16];

		if (!there[domain] || (xc && xc_domain_getinfo(xc, domain, 1, &info) == 1 && info.domid != domain))
			continue;
		snprintf(text, sizeof(text), "%u", domain);
		xl_destroy(text);
		if (xc && xc_domain_getinfo(xc, domain, 1, &info) == 1 && info.domid == domain)
			domain_destroy(xc, domain);
	}
	_exit(0);
}

int guardian_start(struct cloner *cloner)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	cloner->guardian_pid = fork();
	if (cloner->guardian_pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (!cloner->guardian_pid) {
		setsid();
		for (int sig = 1; sig < 32; sig++)
			signal(sig, sig == SIGCHLD ? SIG_DFL : SIG_IGN);
		if (dup2(ends[0], 3) >= 0)
			close_range(4, ~0u, 0);
		guard(3, cloner->name);
	}
	close(ends[0]);
	cloner->guardian = ends[1];
	return 0;
}

void guardian_tell(struct cloner *cloner, bool there, uint32_t domain)
{
	struct message message = { domain, there };

	if (write(cloner->guardian, &message, sizeof(message)) != sizeof(message))
		perror("saki: the guardian of domains is gone");
}

void guardian_end(struct cloner *cloner)
{
	if (cloner->guardian <= 0)
		return;
	close(cloner->guardian);
	waitpid(cloner->guardian_pid, NULL, 0);
	cloner->guardian = 0;
}
