/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said of a profile, to people and to programs: see profile.h.
 */
#include "profile.h"

#include <stdlib.h>

#include "program_folder.h"

#define CALLS_SHOWN 10

static const struct {
	const char *name, *what;
} phases[PROFILE_PHASES] = {
	[PROFILE_ENGINE] = { "engine", "between two inputs" },
	[PROFILE_INPUT] = { "input", "the input in, the answer out" },
	[PROFILE_HANDOVER] = { "handover", "request and answer on their way" },
	[PROFILE_MACHINE + PHASE_SETUP] = { "setup", "machine: before the harness" },
	[PROFILE_MACHINE + PHASE_DECODE] = { "decode", "machine: bytes to program" },
	[PROFILE_MACHINE + PHASE_ARGUMENTS] = { "arguments", "machine: memory of calls, turns" },
	[PROFILE_MACHINE + PHASE_CALLS] = { "calls", "machine: system calls, run()" },
	[PROFILE_MACHINE + PHASE_FAULTS] = { "faults", "machine: page faults" },
	[PROFILE_MACHINE + PHASE_TEARDOWN] = { "teardown", "machine: its end, leaks, heap" },
	[PROFILE_RESET] = { "reset", "waiting for the machine's reset" },
	[PROFILE_RESTORE] = { "restore", "pages the runner writes back" },
	[PROFILE_COVERAGE] = { "coverage", "counters cleared, looked at" },
	[PROFILE_AUDIT] = { "audit", "memory compared, second runs" },
	[PROFILE_REBOOT] = { "reboot", "machines replaced" },
	[PROFILE_UNACCOUNTED] = { "unaccounted", "the machine did not say" },
};

/* As an input meets them. */
static const unsigned order[] = {
	PROFILE_ENGINE, PROFILE_INPUT, PROFILE_HANDOVER, PROFILE_MACHINE + PHASE_SETUP, PROFILE_MACHINE + PHASE_DECODE,
	PROFILE_MACHINE + PHASE_ARGUMENTS, PROFILE_MACHINE + PHASE_CALLS, PROFILE_MACHINE + PHASE_FAULTS,
	PROFILE_MACHINE + PHASE_TEARDOWN, PROFILE_RESET, PROFILE_RESTORE, PROFILE_COVERAGE, PROFILE_AUDIT,
	PROFILE_REBOOT, PROFILE_UNACCOUNTED,
};
_Static_assert(sizeof(order) / sizeof(order[0]) == PROFILE_PHASES, "each phase once");

struct top {
	size_t count;
	unsigned numbers[CALLS_SHOWN];
};

/* The calls that took the most in all, the first one most. */
static struct top top_calls(const struct profile *profile)
{
	struct top top = { 0 };

	for (unsigned n = 0; n < PROFILE_CALLS_MAX; n++) {
		size_t at = top.count;

		if (!profile->calls[n].count)
			continue;
		while (at && profile->calls[top.numbers[at - 1]].cycles < profile->calls[n].cycles)
			at--;
		if (at == CALLS_SHOWN)
			continue;
		top.count += top.count < CALLS_SHOWN;
		for (size_t i = top.count - 1; i > at; i--)
			top.numbers[i] = top.numbers[i - 1];
		top.numbers[at] = n;
	}
	return top;
}

static double total(const uint64_t *cycles)
{
	double sum = 0;

	for (unsigned i = 0; i < PROFILE_PHASES; i++)
		sum += (double)cycles[i];
	return sum;
}

static double ns_of(const struct profile *profile, double cycles, uint64_t inputs)
{
	return inputs ? cycles * profile->ns_per_cycle / (double)inputs : 0;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

/* A line for what took these cycles, of all of them; the same of what nothing disturbed. */
static void print_row(FILE *out, const struct profile *profile, const struct profile_best *best, const char *name,
		      double cycles, double best_cycles, const char *what)
{
	fprintf(out, "%-11s %9.0f %6.1f %11.0f %6.1f%s%s\n", name, ns_of(profile, cycles, profile->inputs),
		percent(cycles, total(profile->cycles)), ns_of(profile, best_cycles, best->inputs),
		percent(best_cycles, total(best->cycles)), *what ? "  " : "", what);
}

static void print_phases(FILE *out, const struct profile *profile, const struct profile_best *best)
{
	fprintf(out, "%-11s %9s %6s %11s %6s\n", "phase", "ns/input", "%", "undisturbed", "%");
	for (unsigned i = 0; i < PROFILE_PHASES; i++) {
		unsigned phase = order[i];

		print_row(out, profile, best, phases[phase].name, (double)profile->cycles[phase],
			  (double)best->cycles[phase], phases[phase].what);
	}
	print_row(out, profile, best, "total", total(profile->cycles), total(best->cycles), "");
}

static void print_calls(FILE *out, const struct profile *profile)
{
	struct top top = top_calls(profile);
	double all = total(profile->cycles);

	if (top.count)
		fprintf(out, "%-24s %10s %6s %10s %10s\n", "call (with its faults)", "ns/input", "%", "count",
			"mean ns");
	for (size_t i = 0; i < top.count; i++) {
		uint64_t cycles = profile->calls[top.numbers[i]].cycles, count = profile->calls[top.numbers[i]].count;
		char name[64];

		program_call_name(top.numbers[i], name, sizeof(name));
		fprintf(out, "%-24.24s %10.0f %6.1f %10llu %10.0f\n", name,
			ns_of(profile, (double)cycles, profile->inputs), percent((double)cycles, all),
			(unsigned long long)count, ns_of(profile, (double)cycles, count));
	}
}

void profile_print(FILE *out, const struct profile *profile, const struct profile_best *best)
{
	fprintf(out, "profile of %llu inputs in %.1f s, of %llu of which the machine said nothing usable\n",
		(unsigned long long)profile->inputs, profile->seconds, (unsigned long long)profile->refused);
	print_phases(out, profile, best);
	fprintf(out, "the machine's own part of a reset, waited for or not: %.0f ns an input\n",
		ns_of(profile, (double)profile->reset_cycles, profile->inputs));
	print_calls(out, profile);
}

static void json_phases(struct json *json, const struct profile *profile, const struct profile_best *best)
{
	double all = total(profile->cycles);

	json_open(json, "phases", '[');
	for (unsigned i = 0; i < PROFILE_PHASES; i++) {
		double cycles = (double)profile->cycles[order[i]];

		json_open(json, NULL, '{');
		json_string(json, "name", phases[order[i]].name);
		json_real(json, "ns", ns_of(profile, cycles, profile->inputs));
		json_real(json, "percent", percent(cycles, all));
		if (best)
			json_real(json, "undisturbed_ns", ns_of(profile, (double)best->cycles[order[i]], best->inputs));
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_calls(struct json *json, const struct profile *profile)
{
	struct top top = top_calls(profile);

	json_open(json, "calls", '[');
	for (size_t i = 0; i < top.count; i++) {
		uint64_t cycles = profile->calls[top.numbers[i]].cycles, count = profile->calls[top.numbers[i]].count;
		char name[64];

		program_call_name(top.numbers[i], name, sizeof(name));
		json_open(json, NULL, '{');
		json_string(json, "name", name);
		json_number(json, "count", count);
		json_real(json, "ns", ns_of(profile, (double)cycles, profile->inputs));
		json_real(json, "mean_ns", ns_of(profile, (double)cycles, count));
		json_close(json, '}');
	}
	json_close(json, ']');
}

void profile_json(struct json *json, const struct profile *profile, const struct profile_best *best)
{
	json_open(json, "profile", '{');
	json_number(json, "inputs", profile->inputs);
	json_number(json, "refused", profile->refused);
	json_real(json, "seconds", profile->seconds);
	json_real(json, "total_ns", ns_of(profile, total(profile->cycles), profile->inputs));
	json_real(json, "machine_reset_ns", ns_of(profile, (double)profile->reset_cycles, profile->inputs));
	json_phases(json, profile, best);
	json_calls(json, profile);
	json_close(json, '}');
}
