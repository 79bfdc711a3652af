/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the strace converter share.
 */
#pragma once

#include <fuzz/host/program_internal.h>
#include <fuzz/host/strace_import.h>
#include <fuzz/host/strace_value.h>

#define STRACE_DEPS_MAX 12
#define STRACE_BUFFER_MAX 256 /* bytes of a buffer that are kept as they are */
#define STRACE_LIVE_MAX 1024 /* the oldest are forgotten */
#define STRACE_CHOSEN_MAX 64
#define STRACE_NONE UINT32_MAX

/* A handle that a call takes, and the call that made it. */
struct strace_dep {
	const struct desc_resource *kind; /* as the maker calls it */
	uint64_t value;
	uint32_t record;
	uint8_t slot;  /* among what that call makes */
};

/* One call of a log. */
struct strace_record {
	const struct desc_call *desc;
	const char *args, *end;  /* the text behind the parenthesis */
	int64_t result;
	bool failed;
	long pid;	 /* who made it */
	uint32_t maker;	 /* the record that made that thread; STRACE_NONE: the first */
	unsigned dep_count;
	struct strace_dep deps[STRACE_DEPS_MAX];
};

struct strace_import {
	struct strace_record *records;
	size_t record_count, record_room;
	struct strace_dep live[STRACE_LIVE_MAX]; /* handles that exist at this point of the log */
	size_t live_count;
	uint32_t *base;    /* of each record: its first resource in the program being made; STRACE_NONE */
	uint32_t chosen[STRACE_CHOSEN_MAX]; /* records of that program */
	unsigned chosen_count;
	char created[128][32];   /* relative names that the log makes */
	unsigned created_count;
	struct strace_args args;
	struct program program;
	size_t pool_used;
	uint8_t pool[64 * 1024];  /* what the program's literals point to */
	uint8_t seen[1 << 13];   /* features of the programs kept so far, hashed */
	char *joined;    /* text of calls that were interrupted and resumed */
	size_t joined_len, joined_room;
};

/* strace_convert.c: appends a call; false when it does not fit or is not what its description says. */
bool strace_convert(struct strace_import *import, const struct strace_record *record);
/* True when the log made this file name itself. */
bool strace_is_created(const struct strace_import *import, const uint8_t *name, size_t len);
/* The row of the table that these arguments belong to. */
const struct desc_call *strace_choose_row(const struct strace_args *args, const char *name, size_t len);
/* A descriptor is a descriptor, whatever the tables think it is of. */
bool strace_same_root(const struct desc_resource *a, const struct desc_resource *b);
/* A word of this value; false when it has none. */
bool strace_number(const struct strace_args *args, int value, uint64_t *number);
