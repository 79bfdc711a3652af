/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door: unknown numbers, the history, and a bad pointer in every pointer argument of every call that is described.
 */
#include <kernel/outcomes.h>
#include <kernel/syscall_desc.h>
#include <kernel/systest.h>

SYSTEST(unknown_calls_are_refused_and_counted)
{
	static const uint64_t unknown[] = { 999, 0xffff, 0x10000, UINT64_MAX, UINT64_C(1) << 63, 335 /* never used */ };
	unsigned long before = syscall_unknown_count();

	for (unsigned i = 0; i < array_size(unknown); i++)
		CHECK_ERR(sys(unknown[i]), ENOSYS);
	CHECK_EQ(syscall_unknown_count() - before, array_size(unknown));
	CHECK_EQ(sys(SYS_getuid), 0);
	CHECK_EQ(syscall_unknown_count() - before, array_size(unknown));
}

SYSTEST(history_holds_the_last_calls)
{
	struct syscall_record records[SYSCALL_HISTORY];

	for (int i = 0; i < SYSCALL_HISTORY; i++)
		sys(SYS_getpid);
	sys(SYS_close, -1);
	sys(SYS_getuid);
	CHECK_EQ(syscall_history(records), SYSCALL_HISTORY);
	CHECK_EQ(records[SYSCALL_HISTORY - 1].number, SYS_getuid);
	CHECK_EQ(records[SYSCALL_HISTORY - 2].number, SYS_close);
	CHECK_EQ(records[SYSCALL_HISTORY - 2].result, -EBADF);
	CHECK_EQ(records[0].number, SYS_getpid);
}

TEST(descriptions_are_sorted_and_found)
{
	const struct desc_call *call;

	CHECK(desc_call_count >= 100);
	for (size_t i = 1; i < desc_call_count; i++) {
		const struct desc_call *a = &desc_calls[i - 1], *b = &desc_calls[i];

		CHECK(a->number < b->number || (a->number == b->number && a->variant < b->variant));
	}
	for (size_t i = 0; i < desc_call_count; i++) {
		CHECK(desc_call_find(desc_calls[i].number, desc_calls[i].variant) == &desc_calls[i]);
		CHECK(desc_call_find_name(desc_calls[i].name, strlen(desc_calls[i].name)) == &desc_calls[i]);
	}
	CHECK(!desc_call_find(SYS_read, 77));
	CHECK(!desc_call_find_name("rea", 3));
	CHECK(!desc_call_find_name("readx", 5));
	call = desc_call_find_name("pipe2", 5);
	CHECK(call && call->arg_count == 2 && call->args[0].type->kind == DESC_POINTER);
	CHECK_EQ(call->args[0].type->dir, DESC_OUT);
	CHECK_EQ(call->args[0].type->target->field_count, 2);
	CHECK(desc_resource_fits(call->args[0].type->target->fields[0].type->resource,
				 desc_call_find_name("read", 4)->args[0].type->resource));
	CHECK(!desc_resource_fits(desc_call_find_name("read", 4)->args[0].type->resource,
				  call->args[0].type->target->fields[0].type->resource));
}

static unsigned width_of(const struct desc_type *type)
{
	switch (type->kind) {
	case DESC_POINTER:
		return 8;
	case DESC_INT:
	case DESC_CONST:
	case DESC_ENUM:
	case DESC_FLAGS:
	case DESC_LENGTH:
	case DESC_RESOURCE:
		return type->size;
	default:
		return 0; /* never an argument */
	}
}

TEST(descriptions_hold_together)
{
	for (size_t i = 0; i < desc_call_count; i++) {
		const struct desc_call *call = &desc_calls[i];

		for (unsigned a = 0; a < call->arg_count; a++) {
			const struct desc_type *type = call->args[a].type;
			unsigned width = width_of(type);

			CHECK(width == 1 || width == 2 || width == 4 || width == 8);
			if (type->kind == DESC_LENGTH)
				CHECK(type->length >= 0 && call->args[type->length].type->kind == DESC_POINTER);
			if (type->kind == DESC_POINTER)
				CHECK(type->target && type->target->length < (int)call->arg_count);
			if (type->kind == DESC_RESOURCE)
				CHECK(desc_resources[type->resource->id] == type->resource);
		}
	}
}

/* ---- bad pointers ---- */

#define GOOD (SYSTEST_MEM + 4096) /* room for every good pointer of one call */
#define GOOD_SIZE 4096
#define GUARD_US 5000   /* a call that would sleep is interrupted after this time */

static struct {
	const struct desc_call *call;
	unsigned bad_arg;
	user_ptr_t bad;
	long result;
} trial;

/* Makes sleeping calls end: an alarm whose handler is only recorded. */
static void guard(void)
{
	const uint64_t action[4] = { 0x400000 };
	const int64_t soon[4] = { 0, GUARD_US, 0, GUARD_US };

	sys(SYS_rt_sigaction, 14, systest_put(0, action, sizeof(action)), 0, 8);
	sys(SYS_setitimer, 0, systest_put(64, soon, sizeof(soon)), 0);
}

static uint64_t resource_value(const struct desc_resource *resource)
{
	for (; resource; resource = resource->parent) {
		if (!strcmp(resource->name, "fd_dir"))
			return (uint64_t)sys(SYS_open, systest_string(128, "/"), 0x10000, 0);
		if (!strcmp(resource->name, "fd_pipe_r") && !sys(SYS_pipe2, SYSTEST_MEM + 256, 0x800)) {
			int fd;

			systest_read(SYSTEST_MEM + 256, &fd);
			return (uint64_t)fd;
		}
		if (!strcmp(resource->name, "sock") && !sys(SYS_socketpair, 1, 1, 0, SYSTEST_MEM + 256)) {
			int fd;

			systest_read(SYSTEST_MEM + 256, &fd);
			return (uint64_t)fd;
		}
		if (!strcmp(resource->name, "fd"))
			return (uint64_t)sys(SYS_memfd_create, systest_string(128, "m"), 0);
		if (!strcmp(resource->name, "vma"))
			return SYSTEST_BAD;
	}
	return 0;
}

static uint64_t plain_value(const struct desc_type *type, unsigned arg)
{
	switch (type->kind) {
	case DESC_POINTER:
		return GOOD + arg * (GOOD_SIZE / 8);
	case DESC_LENGTH:
		return type->unit == DESC_SIZE ? 24 : 4;
	case DESC_CONST:
		return type->values[0].value;
	case DESC_RESOURCE:
		return resource_value(type->resource);
	default:
		return type->min;
	}
}

static void run_trial(void)
{
	uint64_t args[6] = { 0 };

	outcomes_pause(true);
	for (unsigned i = 0; i < trial.call->arg_count; i++)
		args[i] = i == trial.bad_arg ? trial.bad : plain_value(trial.call->args[i].type, i);
	guard();
	trial.result = syscall_dispatch(trial.call->number, args);
	outcomes_pause(false);
	if (trial.result == -EFAULT) /* the only result that is judged */
		outcomes_add(trial.call->number, trial.result);
}

static bool is_clean(long result)
{
	return result >= 0 || (result > -4096 && errno_name((int)-result));
}

static bool is_global(const struct desc_call *call)
{
	static const char *const names[] = { "sethostname",  "setdomainname", "clock_settime",
					     "settimeofday", "mount",         "umount2" };

	for (unsigned i = 0; i < array_size(names); i++)
		if (!strcmp(call->name, names[i]))
			return true;
	return false;
}

TEST(bad_pointers_are_refused_everywhere)
{
	static const user_ptr_t bad[] = {
		SYSTEST_BAD, SYSTEST_KERNEL, SYSTEST_EDGE - 1, 1, UINT64_MAX, SYSTEST_READONLY
	};
	unsigned trials = 0, faults = 0;

	for (size_t i = 0; i < desc_call_count; i++) {
		trial.call = &desc_calls[i];
		if (trial.call->flags & (DESC_CALL_ENDS | DESC_CALL_CODE))
			continue;
		for (trial.bad_arg = 0; trial.bad_arg < trial.call->arg_count; trial.bad_arg++) {
			if (trial.call->args[trial.bad_arg].type->kind != DESC_POINTER)
				continue;
			/* What may be read with success would change the machine for the tests that follow. */
			for (unsigned b = 0; b < array_size(bad) - is_global(trial.call); b++) {
				trial.bad = bad[b];
				systest_run(run_trial);
				if (!is_clean(trial.result))
					test_fail(__FILE__, __LINE__, "%s with %lx as argument %u: %ld",
						  trial.call->name, (unsigned long)trial.bad, trial.bad_arg,
						  trial.result);
				trials++;
				faults += trial.result == -EFAULT;
			}
		}
	}
	CHECK(trials > 500);
	CHECK(faults > trials / 2);
}
