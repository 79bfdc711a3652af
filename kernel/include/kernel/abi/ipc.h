/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System V semaphores, message queues and shared memory as programs see them, with Linux's values and layouts on
 * x86_64.
 */
#pragma once

#include <kernel/types.h>

#define IPC_PRIVATE 0

#define IPC_CREAT 01000u
#define IPC_EXCL 02000u
#define IPC_NOWAIT 04000u

#define IPC_RMID 0
#define IPC_SET 1
#define IPC_STAT 2
#define IPC_INFO 3

struct abi_ipc_perm {
	int32_t key;
	uint32_t uid, gid, cuid, cgid;
	uint32_t mode;
	uint16_t seq;
	uint16_t pad;
	uint32_t pad2;
	uint64_t unused[2];
};

/* ---- semaphores ---- */

#define GETPID 11
#define GETVAL 12
#define GETALL 13
#define GETNCNT 14
#define GETZCNT 15
#define SETVAL 16
#define SETALL 17
#define SEM_STAT 18
#define SEM_INFO 19
#define SEM_STAT_ANY 20

#define SEM_UNDO 0x1000

struct abi_sembuf {
	uint16_t num;
	int16_t op;
	int16_t flags;
};

struct abi_semid_ds {
	struct abi_ipc_perm perm;
	int64_t otime;
	uint64_t unused1;
	int64_t ctime;
	uint64_t unused2;
	uint64_t nsems;
	uint64_t unused3[2];
};

struct abi_seminfo {
	int32_t map, mni, mns, mnu, msl, opm, ume, usz, vmx, aem;
};

/* ---- message queues ---- */

#define MSG_STAT 11
#define MSG_INFO 12
#define MSG_STAT_ANY 13

#define MSG_NOERROR 010000
#define MSG_EXCEPT 020000
#define MSG_COPY 040000

struct abi_msqid_ds {
	struct abi_ipc_perm perm;
	int64_t stime, rtime, ctime;
	uint64_t cbytes, qnum, qbytes;
	int32_t lspid, lrpid;
	uint64_t unused[2];
};

struct abi_msginfo {
	int32_t pool, map, max, mnb, mni, ssz, tql;
	uint16_t seg, pad;
};

/* ---- shared memory ---- */

#define SHM_LOCK 11
#define SHM_UNLOCK 12
#define SHM_STAT 13
#define SHM_INFO 14
#define SHM_STAT_ANY 15

/* shmget() */
#define SHM_HUGETLB 04000u
#define SHM_NORESERVE 010000u
/* shmat() */
#define SHM_RDONLY 010000
#define SHM_RND 020000
#define SHM_REMAP 040000
#define SHM_EXEC 0100000
/* In a mode */
#define SHM_DEST 01000u
#define SHM_LOCKED 02000u

struct abi_shmid_ds {
	struct abi_ipc_perm perm;
	uint64_t segsz;
	int64_t atime, dtime, ctime;
	int32_t cpid, lpid;
	uint64_t nattch;
	uint64_t unused[2];
};

struct abi_shminfo {
	uint64_t max, min, mni, seg, all;
	uint64_t unused[4];
};

struct abi_shm_info {
	int32_t used_ids, pad;
	uint64_t tot, rss, swp, swap_attempts, swap_successes;
};
