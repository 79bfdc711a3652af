/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Binding to CPUs: see cpus.h. Which ones are taken is read from /proc, as afl-fuzz does it: a process that may run on
 * one CPU only has claimed it.
 */
#include "cpus.h"

#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "SAKI_MACHINE_CPU" /* from afl-fuzz's parent to its target */

static int machine_cpu = -1;

/* The only CPU of a process; -1 when it has several, or is a kernel thread (these have no memory). */
static int only_cpu(const char *pid)
{
	char path[300], line[256], rest;
	bool has_memory = false;
	int cpu = -1, found;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		has_memory |= !strncmp(line, "VmSize:", 7);
		if (sscanf(line, "Cpus_allowed_list: %d%c", &found, &rest) == 2 && rest == '\n')
			cpu = found;
	}
	if (file)
		fclose(file);
	return has_memory ? cpu : -1;
}

static void remove_taken(cpu_set_t *cpus)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		int cpu = isdigit((unsigned char)*entry->d_name) ? only_cpu(entry->d_name) : -1;

		if (cpu >= 0 && cpu < CPU_SETSIZE)
			CPU_CLR(cpu, cpus);
	}
	if (folder)
		closedir(folder);
}

static int next_cpu(const cpu_set_t *cpus, int from)
{
	while (from < CPU_SETSIZE && !CPU_ISSET(from, cpus))
		from++;
	return from;
}

static int bind_to(pid_t pid, int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(pid, sizeof(one), &one);
}

void cpus_claim(void)
{
	const char *given = getenv(VARIABLE);
	char text[16];
	cpu_set_t cpus;
	int own;

	if (machine_cpu >= 0 || given) {
		machine_cpu = given ? atoi(given) : machine_cpu;
		return;
	}
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return;
	remove_taken(&cpus);
	if (CPU_COUNT(&cpus) < 2)
		return;
	own = next_cpu(&cpus, 0);
	if (bind_to(0, own))
		return;
	machine_cpu = next_cpu(&cpus, own + 1);
	snprintf(text, sizeof(text), "%d", machine_cpu);
	setenv(VARIABLE, text, 1);
}

void cpus_bind_machine(pid_t pid)
{
	if (machine_cpu >= 0)
		bind_to(pid, machine_cpu);
}
