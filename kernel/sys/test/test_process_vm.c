/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of another process, which has what the test has at the same addresses, and other contents.
 */
#include <kernel/aspace.h>
#include <kernel/page.h>
#include <kernel/systest.h>

#define OWN (SYSTEST_MEM + 256) /* the two vectors */
#define OTHER (SYSTEST_MEM + 512)
#define HERE (SYSTEST_MEM + 4096)
#define THERE (SYSTEST_MEM + 2 * 4096)
#define NOBODY 999999

struct iovec {
	uint64_t base, len;
};

static void vectors(struct iovec own, struct iovec other)
{
	systest_value(OWN - SYSTEST_MEM, &own);
	systest_value(OTHER - SYSTEST_MEM, &other);
}

static long transfer(unsigned call, int pid)
{
	return sys(call, pid, OWN, 1, OTHER, 1, 0);
}

static struct process *make_other(void)
{
	struct process *other;

	if (systest_process("other", &other)) {
		test_fail(__FILE__, __LINE__, "no other process");
		return NULL;
	}
	if (aspace_write(other->aspace, THERE, "their bytes", 12))
		test_fail(__FILE__, __LINE__, "no memory in it");
	return other;
}

static void drop_other(struct process *other)
{
	process_teardown(other, 0);
	process_put(other);
}

SYSTEST(process_vm_moves_bytes_both_ways)
{
	struct process *other = make_other();
	char bytes[12];

	CHECK(other);
	vectors((struct iovec){ HERE, 12 }, (struct iovec){ THERE, 12 });
	CHECK_EQ(transfer(SYS_process_vm_readv, other->pid), 12);
	CHECK_MEM(HERE, "their bytes", 12);
	systest_put(HERE - SYSTEST_MEM, "OURS!", 5);
	vectors((struct iovec){ HERE, 5 }, (struct iovec){ THERE, 100 });
	CHECK_EQ(transfer(SYS_process_vm_writev, other->pid), 5);
	CHECK_EQ(aspace_read(other->aspace, THERE, bytes, 12), 0);
	CHECK(!memcmp(bytes, "OURS! bytes", 12));
	CHECK_MEM(THERE, "", 1); /* which is not this one's */
	drop_other(other);
}

SYSTEST(process_vm_reaches_oneself)
{
	int pid = process_current()->pid;

	systest_put(THERE - SYSTEST_MEM, "same", 4);
	vectors((struct iovec){ HERE, 4 }, (struct iovec){ THERE, 4 });
	CHECK_EQ(transfer(SYS_process_vm_readv, pid), 4);
	CHECK_MEM(HERE, "same", 4);
	systest_put(HERE - SYSTEST_MEM, "back", 4);
	CHECK_EQ(transfer(SYS_process_vm_writev, pid), 4);
	CHECK_MEM(THERE, "back", 4);
}

/* Spans end where they want; what comes before a fault is moved. */
SYSTEST(process_vm_stops_at_a_fault)
{
	struct process *other = make_other();
	const struct iovec own[3] = { { HERE, 5 }, { HERE + 100, 0 }, { HERE + 200, 3000 } };
	const struct iovec parts[2] = { { THERE, 3 }, { THERE + 3, 9 } };

	CHECK(other);
	systest_value(OWN - SYSTEST_MEM, &own);
	systest_value(OTHER - SYSTEST_MEM, &parts);
	CHECK_EQ(sys(SYS_process_vm_readv, other->pid, OWN, 3, OTHER, 2, 0), 12);
	CHECK_MEM(HERE, "their", 5);
	CHECK_MEM(HERE + 200, " bytes", 7);
	vectors((struct iovec){ HERE, 8192 }, (struct iovec){ SYSTEST_EDGE - 5000, 8192 });
	CHECK_EQ(transfer(SYS_process_vm_readv, other->pid), 5000);
	CHECK_EQ(transfer(SYS_process_vm_writev, other->pid), 5000);
	vectors((struct iovec){ SYSTEST_EDGE - 100, 200 }, (struct iovec){ THERE, 200 });
	CHECK_EQ(transfer(SYS_process_vm_readv, other->pid), 100);
	drop_other(other);
}

static void check_faults(unsigned call, int pid)
{
	CHECK_ERR(sys(call, pid, SYSTEST_BAD, 1, OTHER, 1, 0), EFAULT);
	vectors((struct iovec){ HERE, 8 }, (struct iovec){ SYSTEST_BAD, 8 });
	CHECK_ERR(sys(call, pid, OWN, 1, SYSTEST_BAD, 1, 0), EFAULT);
	CHECK_ERR(transfer(call, pid), EFAULT);
	vectors((struct iovec){ HERE, 8 }, (struct iovec){ SYSTEST_KERNEL, 8 });
	CHECK_ERR(transfer(call, pid), EFAULT);
	vectors((struct iovec){ SYSTEST_KERNEL, 8 }, (struct iovec){ THERE, 8 });
	CHECK_ERR(transfer(call, pid), EFAULT);
	vectors((struct iovec){ SYSTEST_BAD, 8 }, (struct iovec){ THERE, 8 });
	CHECK_ERR(transfer(call, pid), EFAULT);
}

static void check_refusals(unsigned call, int pid)
{
	check_faults(call, pid);
	vectors((struct iovec){ HERE, UINT64_MAX }, (struct iovec){ THERE, 8 });
	CHECK_ERR(transfer(call, pid), EINVAL);
	vectors((struct iovec){ HERE, 8 }, (struct iovec){ THERE, UINT64_MAX });
	CHECK_ERR(transfer(call, pid), EINVAL);
	vectors((struct iovec){ HERE, 8 }, (struct iovec){ THERE, 8 });
	CHECK_ERR(sys(call, pid, OWN, 1, OTHER, 1, 1), EINVAL);
	CHECK_ERR(sys(call, pid, OWN, 1025, OTHER, 1, 0), EINVAL);
	CHECK_ERR(sys(call, pid, OWN, 1, OTHER, 1025, 0), EINVAL);
	CHECK_ERR(transfer(call, NOBODY), ESRCH);
	CHECK_ERR(transfer(call, 0), ESRCH);
	CHECK_EQ(sys(call, NOBODY, OWN, 0, OTHER, 1, 0), 0);
	CHECK_EQ(sys(call, NOBODY, OWN, 1, OTHER, 0, 0), 0);
}

SYSTEST(process_vm_refuses)
{
	struct process *other = make_other();

	CHECK(other);
	check_refusals(SYS_process_vm_readv, other->pid);
	check_refusals(SYS_process_vm_writev, other->pid);
	/* Rights are those of the memory, on either side. */
	vectors((struct iovec){ HERE, 8 }, (struct iovec){ SYSTEST_READONLY, 8 });
	CHECK_EQ(transfer(SYS_process_vm_readv, other->pid), 8);
	CHECK_ERR(transfer(SYS_process_vm_writev, other->pid), EFAULT);
	vectors((struct iovec){ SYSTEST_READONLY, 8 }, (struct iovec){ THERE, 8 });
	CHECK_EQ(transfer(SYS_process_vm_writev, other->pid), 8);
	CHECK_ERR(transfer(SYS_process_vm_readv, other->pid), EFAULT);
	drop_other(other);
}

SYSTEST(process_vm_wants_equal_ids)
{
	struct process *other = make_other();

	CHECK(other);
	vectors((struct iovec){ HERE, 8 }, (struct iovec){ THERE, 8 });
	CHECK_EQ(sys(SYS_setuid, 1000), 0);
	CHECK_ERR(transfer(SYS_process_vm_readv, other->pid), EPERM);
	CHECK_ERR(transfer(SYS_process_vm_writev, other->pid), EPERM);
	other->cred = process_current()->cred;
	CHECK_EQ(transfer(SYS_process_vm_readv, other->pid), 8);
	other->dumpable = 0;
	CHECK_ERR(transfer(SYS_process_vm_readv, other->pid), EPERM);
	other->dumpable = 1;
	other->cred.cap_permitted = CAP_BIT(CAP_CHOWN);
	CHECK_ERR(transfer(SYS_process_vm_readv, other->pid), EPERM);
	drop_other(other);
}

SYSTEST(process_vm_without_memory)
{
	int pid = process_current()->pid;
	long read_err, write_err;

	vectors((struct iovec){ HERE, 8 }, (struct iovec){ THERE, 8 });
	systest_starve();
	read_err = transfer(SYS_process_vm_readv, pid);
	write_err = transfer(SYS_process_vm_writev, pid);
	systest_feed();
	CHECK_EQ(read_err, -ENOMEM);
	CHECK_EQ(write_err, -ENOMEM);
}
