/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which files the samples are in: the objects of a profile are found by their build ids in a cache of perf's layout
 * (DIR/.build-id/xx/yyyy.../elf), beside the recording or in ~/.debug, else at their path, if the build id is right
 * there.
 */
#pragma once

#include "profile.h"

#define OBJECT_NAME 512

/* As linked, of what profile_place() is given. */
uint64_t objects_address(struct profile *profile, uint32_t object, uint64_t offset);

/* The function that holds an address as linked, "[object]+0xoffset" where no name says it does. */
void objects_function(struct profile *profile, uint32_t object, uint64_t address, char name[OBJECT_NAME]);

/* The kernel's variable at an address where it ran, "0xaddress" where there is none. */
void objects_variable(struct profile *profile, uint64_t address, char *name, size_t size);

/* The file of an object; NULL: not found, which is told once, with what to do. The profile's. */
struct elf_file *objects_elf(struct profile *profile, uint32_t object);

/* "xx/yyyy..." of a build id that is not empty. */
#define BUILD_ID_PATH (2 * BUILD_ID_MAX + 2)
void objects_build_id_path(const uint8_t *build_id, size_t size, char path[BUILD_ID_PATH]);

/**
 * Puts a copy of a file into the cache in dir, which is made where it is missing, under the name that perf looks for.
 *
 * @param fd	the file, read from its start
 * @param kind	"elf" or "vdso"
 * @return 0 or -errno
 */
int objects_store(const char *dir, const uint8_t *build_id, size_t size, const char *kind, int fd);

/* Puts a copy of an open file at a path, whose folders are made. @return 0 or -errno */
int objects_copy(const char *path, int fd);

/* "FILE.debug", to be freed. */
char *objects_debug_dir(const char *file);
