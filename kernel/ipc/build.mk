# SPDX-License-Identifier: BSD-3-Clause
# System V semaphores, message queues, shared memory.
obj-y += ipc.o sem.o sem_ctl.o msg.o msg_ctl.o shm.o shm_ctl.o
