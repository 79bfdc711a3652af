/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NVMe: NVM Express Base Specification 1.4. One pair of queues for administration, one for reading and writing, the
 * first namespace. Data by PRP lists (4.3). What the controller completes is checked against what it was given; an
 * offence disables it.
 */
#include <kernel/pci.h>

#include <arch/arch.h>
#include <kernel/atomic.h>
#include <kernel/block.h>
#include <kernel/clock.h>
#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/spinlock.h>
#include <kernel/string.h>
#include <kernel/thread.h>

#define CLASS_NVME 0x010802

/* Registers (3.1). */
#define REG_CAP 0x00
#define REG_CC 0x14
#define REG_CSTS 0x1c
#define REG_AQA 0x24
#define REG_ASQ 0x28
#define REG_ACQ 0x30
#define REG_DOORBELLS 0x1000
#define DOORBELLS_SIZE 64	/* of four, at what is mapped */

#define CC_ENABLE 1u
#define CC_ENTRY_SIZES (6u << 16 | 4u << 20) /* 64 and 16 bytes */
#define CSTS_READY 1u
#define CSTS_FATAL 2u

enum { ADMIN_CREATE_SQ = 0x01, ADMIN_CREATE_CQ = 0x05, ADMIN_IDENTIFY = 0x06 };
enum { IO_FLUSH = 0x00, IO_WRITE = 0x01, IO_READ = 0x02, IO_WRITE_ZEROES = 0x08, IO_DISCARD = 0x09 };

#define QUEUE_SIZE 64u
#define TRANSFER_MAX (128 * KIB)
#define READY_STEP_NS (500 * UINT64_C(1000000)) /* CAP.TO counts these */
#define COMMAND_NS (5 * NSEC_PER_SEC)
#define FIRST_LOOK_NS (50 * NSEC_PER_USEC)	/* then twice as long, and so on */
#define SECTOR_SHIFT 9

struct command {
	uint32_t opcode_and_id; /* the id in the upper half */
	uint32_t namespace;
	uint64_t reserved, metadata;
	uint64_t prp1, prp2;
	uint32_t dwords[6];
};

struct completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq_id;
	uint16_t id;
	uint16_t status; /* bit 0: the phase */
};

/* What is asked for in a place of the submission queue. */
struct slot {
	struct block_request *request;	/* NULL: free, or an administrator's */
	struct page *prps;		/* the list of one with more than two pages; made once */
	bool busy;
	bool answered;			/* an administrator's, with status; atomic */
	unsigned status;
};

struct queue {
	struct command *commands;
	struct completion *completions;
	struct page *pages;
	unsigned index, tail, head;
	unsigned phase;
	struct slot slots[QUEUE_SIZE];
	unsigned busy;
};

struct nvme {
	struct block_device block;
	struct pci_device *pci;
	struct regs regs;
	unsigned doorbell_stride;
	unsigned lba_shift;
	struct spinlock lock;		/* guards the queues */
	struct queue admin, io;
	bool broken, full;		/* atomic */
	struct wait_queue answered;	/* who waits for the controller's answers, or its end */
	int irq;
};

/* ---- the controller ---- */

static int wait_ready(struct nvme *nvme, uint32_t ready)
{
	uint64_t cap = regs_read64(&nvme->regs, REG_CAP), look_ns = FIRST_LOOK_NS;
	uint64_t until = clock_ns() + ((cap >> 24 & 0xff) + 1) * READY_STEP_NS;

	for (;; look_ns *= 2) {
		uint32_t status = regs_read32(&nvme->regs, REG_CSTS);

		if (status & CSTS_FATAL)
			return -EIO;
		if ((status & CSTS_READY) == ready)
			return 0;
		if (clock_ns() >= until)
			return -ETIMEDOUT;
		if (clock_sleep_until(min(until, clock_ns() + look_ns)))
			return -EINTR;
	}
}

/* It reaches no memory from here on, however long it takes to see that it was disabled. Any context. */
static void break_controller(struct nvme *nvme)
{
	if (atomic_exchange(&nvme->broken, true))
		return;
	regs_write32(&nvme->regs, REG_CC, 0);
	pci_disable(nvme->pci);
}

#define nvme_offence(nvme, ...)                                                                                        \
	do {                                                                                                           \
		device_offence(&(nvme)->pci->device, __VA_ARGS__);                                                     \
		break_controller(nvme);                                                                                \
	} while (0)

/* ---- queues ---- */

static int queue_init(struct queue *q, unsigned index)
{
	/* Both fit: 64 commands are a page, and as many completions a quarter of one. */
	q->pages = page_alloc_zeroed(1);
	if (!q->pages)
		return -ENOMEM;
	q->commands = page_virt(q->pages);
	q->completions = (struct completion *)((char *)page_virt(q->pages) + PAGE_SIZE);
	q->index = index;
	q->phase = 1;
	return 0;
}

static void queue_free(struct queue *q)
{
	for (unsigned i = 0; i < QUEUE_SIZE; i++)
		if (q->slots[i].prps)
			page_put(q->slots[i].prps);
	if (q->pages)
		page_free(q->pages, 1);
}

static void ring(struct nvme *nvme, unsigned number, unsigned value)
{
	regs_write32(&nvme->regs, REG_DOORBELLS + (size_t)number * nvme->doorbell_stride, value);
}

/* A free place; NULL: there is none. One stays empty, as head and tail could not be told apart. */
static struct slot *find_slot(struct queue *q)
{
	if (q->busy + 1 >= QUEUE_SIZE)
		return NULL;
	for (unsigned i = 0; i < QUEUE_SIZE; i++)
		if (!q->slots[i].busy)
			return &q->slots[i];
	return NULL;
}

/* Lock. */
static void put_command(struct nvme *nvme, struct queue *q, struct slot *slot, struct command *command)
{
	command->opcode_and_id |= (uint32_t)(slot - q->slots) << 16;
	slot->busy = true;
	q->busy++;
	q->commands[q->tail] = *command;
	q->tail = (q->tail + 1) % QUEUE_SIZE;
	memory_barrier();
	ring(nvme, 2 * q->index, q->tail);
}

/* The next place that is done, and its status; NULL: none. Lock. */
static struct slot *take(struct nvme *nvme, struct queue *q, unsigned *status, uint32_t *result)
{
	const struct completion *c = &q->completions[q->head];
	uint16_t word = __atomic_load_n(&c->status, __ATOMIC_ACQUIRE);
	unsigned id;

	if ((word & 1) != q->phase || nvme->broken)
		return NULL;
	id = __atomic_load_n(&c->id, __ATOMIC_RELAXED);
	*result = __atomic_load_n(&c->result, __ATOMIC_RELAXED);
	*status = word >> 1;
	q->head = (q->head + 1) % QUEUE_SIZE;
	if (!q->head)
		q->phase ^= 1;
	ring(nvme, 2 * q->index + 1, q->head);
	if (id >= QUEUE_SIZE || !q->slots[id].busy) {
		nvme_offence(nvme, "queue %u: command %u is none that it was given", q->index, id);
		return NULL;
	}
	q->slots[id].busy = false;
	q->busy--;
	return &q->slots[id];
}

/* ---- administration: one command at a time ---- */

static void interrupted(void *arg);

static bool is_answered(void *arg)
{
	const struct slot *slot = arg;

	return atomic_load(&slot->answered);
}

/* A controller that does not answer is disabled: it may have been told to write somewhere. */
static int admin(struct nvme *nvme, struct command *command)
{
	uint64_t until = clock_ns() + COMMAND_NS, look_ns = FIRST_LOOK_NS;
	unsigned long flags = spin_lock(&nvme->lock);
	struct slot *slot = find_slot(&nvme->admin);

	if (slot) {
		slot->answered = false;
		put_command(nvme, &nvme->admin, slot, command);
	}
	spin_unlock(&nvme->lock, flags);
	if (!slot)
		return -EIO;
	/* Its messages may not come yet, so there is a look now and then. */
	for (; !is_answered(slot) && !atomic_load(&nvme->broken) && clock_ns() < until; look_ns *= 2) {
		if (wait_until(&nvme->answered, is_answered, slot, min(until, clock_ns() + look_ns)) == -EINTR)
			break;
		flags = arch_irq_save();
		interrupted(nvme);
		arch_irq_restore(flags);
	}
	if (is_answered(slot))
		return slot->status ? -EIO : 0;
	break_controller(nvme);
	return -EIO;
}

static int identify(struct nvme *nvme, unsigned what, uint32_t namespace, void *page)
{
	struct command command = { .opcode_and_id = ADMIN_IDENTIFY, .namespace = namespace,
				   .prp1 = arch_virt_to_phys(page), .dwords = { what } };

	return admin(nvme, &command);
}

static int create_io_queues(struct nvme *nvme)
{
	struct queue *q = &nvme->io;
	struct command cq = { .opcode_and_id = ADMIN_CREATE_CQ, .prp1 = arch_virt_to_phys(q->completions),
			      .dwords = { (QUEUE_SIZE - 1) << 16 | 1, 0 << 16 | 3 } };
	struct command sq = { .opcode_and_id = ADMIN_CREATE_SQ, .prp1 = arch_virt_to_phys(q->commands),
			      .dwords = { (QUEUE_SIZE - 1) << 16 | 1, 1 << 16 | 1 } };
	int err = admin(nvme, &cq);

	return err ? err : admin(nvme, &sq);
}

/* ---- reading and writing ---- */

/*
 * Where a request's memory is, page by page; the first may begin inside one, all others are whole but for the last
 * (whole_pages of the block device).
 */
static int build_prps(struct slot *slot, const struct block_request *request, struct command *command)
{
	unsigned count = 0;
	uint64_t *list;

	if (!slot->prps)
		slot->prps = page_alloc(0);
	if (!slot->prps)
		return -ENOMEM;
	list = page_virt(slot->prps);
	for (unsigned i = 0; i < request->span_count; i++) {
		char *at = request->spans[i].base, *end = at + request->spans[i].len;

		for (; at < end; at = (char *)align_down((uintptr_t)at + PAGE_SIZE, PAGE_SIZE), count++) {
			if (!count)
				command->prp1 = arch_virt_to_phys(at);
			else
				list[count - 1] = arch_virt_to_phys(at);
		}
	}
	if (count == 2)
		command->prp2 = list[0];
	else if (count > 2)
		command->prp2 = page_phys(slot->prps);
	return 0;
}

static int build(struct nvme *nvme, struct slot *slot, struct block_request *request, struct command *command)
{
	static const uint8_t opcodes[] = { IO_READ, IO_WRITE, IO_FLUSH, IO_DISCARD, IO_WRITE_ZEROES };
	uint64_t lba = request->sector >> (nvme->lba_shift - SECTOR_SHIFT);
	uint64_t count = request->sectors >> (nvme->lba_shift - SECTOR_SHIFT);
	struct {
		uint32_t attributes, count;
		uint64_t lba;
	} *range = (void *)request->driver;

	*command = (struct command){ .opcode_and_id = opcodes[request->op], .namespace = 1 };
	if (request->op == BLOCK_FLUSH)
		return 0;
	if (request->op == BLOCK_DISCARD) {
		range->attributes = 0;
		range->count = (uint32_t)count;
		range->lba = lba;
		command->prp1 = arch_virt_to_phys(range);
		command->dwords[1] = 4; /* deallocate */
		return 0;
	}
	command->dwords[0] = (uint32_t)lba;
	command->dwords[1] = (uint32_t)(lba >> 32);
	command->dwords[2] = (uint32_t)(count - 1);
	if (request->op == BLOCK_WRITE_ZEROES)
		return 0;
	return build_prps(slot, request, command);
}

static int nvme_submit(struct block_device *dev, struct block_request *request)
{
	struct nvme *nvme = dev->data;
	struct command command;
	struct slot *slot;
	unsigned long flags;
	int err = -EAGAIN;

	if ((request->sector | request->sectors) & ((1u << (nvme->lba_shift - SECTOR_SHIFT)) - 1))
		return -EINVAL;
	flags = spin_lock(&nvme->lock);
	slot = nvme->broken ? NULL : find_slot(&nvme->io);
	if (nvme->broken)
		err = -EIO;
	else if (!slot)
		nvme->full = true;
	else
		err = build(nvme, slot, request, &command);
	if (!err) {
		slot->request = request;
		put_command(nvme, &nvme->io, slot, &command);
	}
	spin_unlock(&nvme->lock, flags);
	return err;
}

/* What it was asked for and has not done. Any context. */
static void fail_all(struct nvme *nvme)
{
	for (unsigned i = 0; i < QUEUE_SIZE; i++) {
		unsigned long flags = spin_lock(&nvme->lock);
		struct block_request *request = nvme->io.slots[i].request;

		nvme->io.slots[i].request = NULL;
		spin_unlock(&nvme->lock, flags);
		if (request)
			request->done(request, -EIO);
	}
}

/* The next of a queue that is done. False: there is none. */
static bool complete_next(struct nvme *nvme, struct queue *q)
{
	unsigned long flags = spin_lock(&nvme->lock);
	struct block_request *request = NULL;
	unsigned status;
	uint32_t result;
	struct slot *slot = take(nvme, q, &status, &result);

	if (slot && q == &nvme->admin) {
		slot->status = status;
		atomic_store(&slot->answered, true);
	} else if (slot) {
		request = slot->request;
		slot->request = NULL;
	}
	spin_unlock(&nvme->lock, flags);
	if (request)
		request->done(request, status ? -EIO : 0);
	return slot;
}

/* Interrupts off. */
static void interrupted(void *arg)
{
	struct nvme *nvme = arg;

	while (complete_next(nvme, &nvme->admin))
		wake_all(&nvme->answered);
	while (complete_next(nvme, &nvme->io))
		;
	if (atomic_load(&nvme->broken)) {
		fail_all(nvme);
		wake_all(&nvme->answered);
	}
	if (atomic_exchange(&nvme->full, false))
		block_queue_freed(&nvme->block);
}

static void nvme_give_up(struct block_device *dev)
{
	struct nvme *nvme = dev->data;

	nvme_offence(nvme, "it does not do what it was asked for");
	interrupted(nvme);
}

/* ---- coming and going ---- */

static int read_namespace(struct nvme *nvme, uint8_t *page)
{
	uint64_t blocks;
	uint32_t format;
	unsigned shift;
	int err = identify(nvme, 0, 1, page);

	if (err)
		return err;
	memcpy(&blocks, page, sizeof(blocks));
	memcpy(&format, page + 128 + 4 * (size_t)(page[26] & 15), sizeof(format));
	shift = format >> 16 & 0xff;
	if (shift < SECTOR_SHIFT || shift > PAGE_SHIFT || !blocks || blocks > (uint64_t)INT64_MAX >> shift)
		return -EINVAL;
	nvme->lba_shift = shift;
	nvme->block.block_size = 1u << shift;
	nvme->block.sectors = blocks << (shift - SECTOR_SHIFT);
	return 0;
}

static int read_controller(struct nvme *nvme, uint8_t *page)
{
	uint16_t optional;
	int err = identify(nvme, 1, 0, page);

	if (err)
		return err;
	memcpy(&optional, page + 520, sizeof(optional));
	nvme->block.can_flush = page[525] & 1;
	nvme->block.can_discard = optional & 4;
	nvme->block.can_write_zeroes = optional & 8;
	nvme->block.max_discard = 0x8000; /* a command's count has 16 bits, of which blocks may be of one sector */
	nvme->block.whole_pages = true;
	nvme->block.max_spans = BLOCK_SPANS_MAX;
	/* MDTS counts in the smallest pages; ours are these. */
	return page[77] && (PAGE_SIZE << min(page[77], (uint8_t)16)) < TRANSFER_MAX ? -EOPNOTSUPP : 0;
}

static int start(struct nvme *nvme)
{
	uint64_t cap = regs_read64(&nvme->regs, REG_CAP);
	struct page *page;
	int err;

	/* Pages of 4 KiB, and as many entries as a queue of ours has. */
	if ((cap >> 48 & 15) || (cap & 0xffff) + 1 < QUEUE_SIZE)
		return -EOPNOTSUPP;
	nvme->doorbell_stride = 4u << (cap >> 32 & 15);
	if (3 * nvme->doorbell_stride > DOORBELLS_SIZE - sizeof(uint32_t))
		return -EOPNOTSUPP;
	regs_write32(&nvme->regs, REG_CC, 0);
	err = wait_ready(nvme, 0);
	if (err)
		return err;
	regs_write32(&nvme->regs, REG_AQA, (QUEUE_SIZE - 1) << 16 | (QUEUE_SIZE - 1));
	regs_write64(&nvme->regs, REG_ASQ, arch_virt_to_phys(nvme->admin.commands));
	regs_write64(&nvme->regs, REG_ACQ, arch_virt_to_phys(nvme->admin.completions));
	regs_write32(&nvme->regs, REG_CC, CC_ENTRY_SIZES | CC_ENABLE);
	err = wait_ready(nvme, CSTS_READY);
	page = err ? NULL : page_alloc_zeroed(0);
	if (!page)
		return err ?: -ENOMEM;
	err = read_controller(nvme, page_virt(page));
	if (!err)
		err = read_namespace(nvme, page_virt(page));
	if (!err)
		err = create_io_queues(nvme);
	page_put(page);
	return err;
}

static bool nvme_matches(const struct pci_device *pci)
{
	return pci->class == CLASS_NVME;
}

static void nvme_free(struct nvme *nvme)
{
	if (nvme->irq > 0)
		irq_release(nvme->irq);
	pci_msix_disable(nvme->pci);
	pci_disable(nvme->pci);
	queue_free(&nvme->admin);
	queue_free(&nvme->io);
	heap_free(nvme);
}

static int nvme_probe(struct pci_device *pci)
{
	static const struct block_ops ops = { nvme_submit, nvme_give_up };
	struct nvme *nvme = heap_zalloc(sizeof(*nvme));
	int err;

	if (!nvme)
		return -ENOMEM;
	nvme->pci = pci;
	pci->data = nvme;
	spin_init(&nvme->lock);
	wait_queue_init(&nvme->answered);
	pci_enable(pci);
	err = pci_map(pci, 0, 0, REG_DOORBELLS + DOORBELLS_SIZE, &nvme->regs);
	if (!err)
		err = queue_init(&nvme->admin, 0);
	if (!err)
		err = queue_init(&nvme->io, 1);
	if (!err)
		err = pci_msix_enable(pci);
	if (!err) {
		nvme->irq = pci_msix_set(pci, 0, interrupted, nvme);
		err = min(nvme->irq, 0);
	}
	if (!err)
		err = start(nvme);
	nvme->block.ops = &ops;
	nvme->block.data = nvme;
	if (!err)
		err = block_add(&nvme->block, "nvme");
	if (!err)
		return 0;
	break_controller(nvme);
	nvme_free(nvme);
	return err;
}

static void nvme_remove(struct pci_device *pci)
{
	struct nvme *nvme = pci->data;

	break_controller(nvme);
	if (wait_ready(nvme, 0))
		log_warning("%s (nvme): it does not stop", pci->device.name);
	fail_all(nvme);
	block_remove(&nvme->block);
	nvme_free(nvme);
}

static const struct pci_driver nvme_driver = {
	.name = "nvme",
	.matches = nvme_matches,
	.probe = nvme_probe,
	.remove = nvme_remove,
};
DRIVER(pci, nvme_driver);
