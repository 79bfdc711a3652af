/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine AFL++: afl-fuzz from Debian, with this program as its target (afl_runner.c) and our mutator as its custom
 * one. Nothing on the machine is changed for it: core_pattern, CPU governor and affinity, its usual complaints, do not
 * matter to a target that never dumps core, and are told to be passed over.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "campaign.h"
#include "cpus.h"

#define TARGET_TIMEOUT_MS "20000" /* ours is shorter: this one only ends a runner that is stuck */

static void set_environment(const struct campaign *campaign, const char *tools)
{
	static const char *const on[] = {
		"AFL_NO_UI",          "AFL_NO_AFFINITY",     "AFL_SKIP_CPUFREQ",
		"AFL_SKIP_BIN_CHECK", "AFL_FAST_CAL",        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES",
		"AFL_AUTORESUME",     "AFL_IGNORE_PROBLEMS", "AFL_CUSTOM_MUTATOR_ONLY",
		"AFL_DISABLE_TRIM"
	};
	char mutator[PATH_MAX + 32];

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		setenv(on[i], "1", 1);
	setenv("AFL_FORKSRV_INIT_TMOUT", "120000", 1);
	setenv("AFL_KILL_SIGNAL", "15", 1);
	setenv("AFL_MAP_SIZE", "8388608", 1);
	snprintf(mutator, sizeof(mutator), "%s/saki-mutator.so", tools);
	if (!access(mutator, R_OK))
		setenv("AFL_CUSTOM_MUTATOR_LIBRARY", mutator, 1);
	else
		unsetenv("AFL_CUSTOM_MUTATOR_ONLY");
	setenv("SAKI_HARNESS", campaign->harness, 1);
	snprintf(mutator, sizeof(mutator), "%s/compares", campaign->work);
	setenv("SAKI_COMPARES", mutator, 1);
}

static void redirect_output(const struct campaign *campaign)
{
	char path[PATH_MAX + 16];

	if (campaign->verbose)
		return;
	snprintf(path, sizeof(path), "%s/engine.log", campaign->work);
	if (!freopen(path, "w", stderr) || dup2(2, 1) < 0)
		_exit(1);
}

void engine_afl(struct campaign *campaign, const char *seeds)
{
	char self[PATH_MAX], tools[PATH_MAX], out[PATH_MAX + 8], seed[16], seconds[24], runs[24], max_size[16];
	char *argv[40];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (len < 0)
		_exit(3);
	self[len] = '\0';
	snprintf(tools, sizeof(tools), "%s", self);
	*strrchr(tools, '/') = '\0';
	set_environment(campaign, tools);
	redirect_output(campaign);
	cpus_claim();
	snprintf(out, sizeof(out), "%s/afl", campaign->work);
	snprintf(seed, sizeof(seed), "%u", campaign->seed);
	argv[n++] = "afl-fuzz";
	argv[n++] = "-i";
	argv[n++] = (char *)seeds;
	argv[n++] = "-o";
	argv[n++] = out;
	argv[n++] = "-m";
	argv[n++] = "none";
	argv[n++] = "-t";
	argv[n++] = TARGET_TIMEOUT_MS;
	argv[n++] = "-s";
	argv[n++] = seed;
	snprintf(max_size, sizeof(max_size), "%u", CHANNEL_INPUT_MAX);
	argv[n++] = "-G";
	argv[n++] = max_size;
	if (campaign->seconds) {
		snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)campaign->seconds);
		argv[n++] = "-V";
		argv[n++] = seconds;
	}
	if (campaign->runs) {
		snprintf(runs, sizeof(runs), "%llu", (unsigned long long)campaign->runs);
		argv[n++] = "-E";
		argv[n++] = runs;
	}
	argv[n++] = "--";
	argv[n++] = self;
	argv[n++] = "afl-runner";
	argv[n++] = (char *)campaign->harness;
	argv[n++] = (char *)world_names[campaign->world];
	argv[n++] = (char *)tracker_names[campaign->tracker];
	argv[n++] = (char *)campaign->preset;
	argv[n++] = campaign->corpus;
	argv[n++] = campaign->work;
	argv[n] = NULL;
	execvp(argv[0], argv);
	snprintf(campaign->shared->error, MACHINE_ERROR, "afl-fuzz cannot be started: %s (apt-get install afl++)",
		 strerror(errno));
	_exit(3);
}
