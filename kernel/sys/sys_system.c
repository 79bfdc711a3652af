/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls about the machine as a whole: entropy, memory barriers, power.
 */
#include <kernel/atomic.h>
#include <kernel/planted.h>
#include <kernel/random.h>
#include <kernel/string.h>
#include <plat/plat.h>

#include "sys_internal.h"

/* ---- getrandom ---- */

#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u
#define PIECE 256

SYSCALL(getrandom, user_ptr_t buf, size_t len, unsigned flags)
{
	uint8_t piece[PIECE];
	size_t done = 0;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	planted_deaf_loop(flags);
	if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
		return -EINVAL;
	len = min(len, (size_t)INT32_MAX);
	while (done < len) {
		size_t n = min(len - done, sizeof(piece));

		random_bytes(piece, n);
		if (user_copy_out(buf + done, piece, n))
			return done ? (long)done : -EFAULT;
		done += n;
		if (signal_pending())
			break;
	}
	return (long)done;
}

/* ---- membarrier ---- */

#define CMD_QUERY 0
#define CMD_GLOBAL 1
#define CMD_PRIVATE_EXPEDITED 8
#define CMD_REGISTER_PRIVATE_EXPEDITED 16

/* A program's threads share one CPU: a fence here is one for all of them. */
SYSCALL(membarrier, int command, unsigned flags, int cpu UNUSED)
{
	struct process *process = process_current();

	if (flags)
		return -EINVAL;
	switch (command) {
	case CMD_QUERY:
		return CMD_GLOBAL | CMD_PRIVATE_EXPEDITED | CMD_REGISTER_PRIVATE_EXPEDITED;
	case CMD_REGISTER_PRIVATE_EXPEDITED:
		process->membarrier_registered = true;
		return 0;
	case CMD_PRIVATE_EXPEDITED:
		if (!process->membarrier_registered)
			return -EPERM;
		memory_barrier();
		return 0;
	case CMD_GLOBAL:
		memory_barrier();
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- reboot ---- */

#define MAGIC1 0xfee1deadu
#define MAGIC2 672274793u
#define MAGIC2A 85072278u
#define MAGIC2B 369367448u
#define MAGIC2C 537993216u
#define CMD_RESTART 0x01234567u
#define CMD_HALT 0xcdef0123u
#define CMD_CAD_ON 0x89abcdefu
#define CMD_CAD_OFF 0u
#define CMD_POWER_OFF 0x4321fedcu
#define CMD_RESTART2 0xa1b2c3d4u

SYSCALL(reboot, uint32_t magic1, uint32_t magic2, uint32_t command, user_ptr_t argument)
{
	char text[256];

	if (!process_capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != MAGIC1 || (magic2 != MAGIC2 && magic2 != MAGIC2A && magic2 != MAGIC2B && magic2 != MAGIC2C))
		return -EINVAL;
	switch (command) {
	case CMD_CAD_ON:
	case CMD_CAD_OFF:
		return 0; /* there is no keyboard that could ask for it */
	case CMD_RESTART2:
		if (user_copy_string(text, argument, sizeof(text)) == -EFAULT)
			return -EFAULT;
		plat->stop(PLAT_REBOOT, 0);
	case CMD_RESTART:
		plat->stop(PLAT_REBOOT, 0);
	case CMD_HALT:
	case CMD_POWER_OFF:
		plat->stop(PLAT_POWER_OFF, 0);
	default:
		return -EINVAL;
	}
}
