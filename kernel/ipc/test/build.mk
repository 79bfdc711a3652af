# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of System V IPC.
obj-$(CONFIG_TESTS) += ipc_test.o test_sem.o test_sem_wait.o test_msg.o test_shm.o
