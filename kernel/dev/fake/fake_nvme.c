/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An NVMe controller that does what a script says: NVM Express 1.4. Where that says nothing it is an honest one with
 * one namespace, which reads as a pattern and forgets what is written.
 */
#include <kernel/fake.h>

#include <kernel/errno.h>
#include <kernel/log.h>
#include <kernel/page.h>
#include <kernel/string.h>

#define CLASS_NVME 0x0108
#define REG_CAP 0x00
#define REG_CC 0x14
#define REG_CSTS 0x1c
#define REG_AQA 0x24
#define REG_ASQ 0x28
#define REG_ACQ 0x30
#define REG_DOORBELLS 0x1000
#define REGS_SIZE 0x2000
#define ENABLE 1u

enum { ADMIN_CREATE_SQ = 0x01, ADMIN_CREATE_CQ = 0x05, ADMIN_IDENTIFY = 0x06 };
enum { IO_FLUSH, IO_WRITE, IO_READ, IO_DISCARD = 9 };

struct command {
	uint32_t opcode_and_id, namespace;
	uint64_t reserved, metadata, prp1, prp2;
	uint32_t dwords[6];
};

struct completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq_id, id, status;
};

/* ---- registers ---- */

static uint64_t honest_read(const struct fake_nvme *fake, size_t offset)
{
	switch (offset) {
	case REG_CAP: return fake->cap;
	case REG_CC: return fake->cc;
	case REG_CSTS: return fake->csts;
	default: return 0;
	}
}

static uint64_t fake_read(const struct regs *regs, size_t offset, unsigned bytes UNUSED)
{
	struct fake_nvme *fake = (struct fake_nvme *)regs->base;
	uint64_t value;

	return fake_lie(fake->overrides, offset, &value) ? value : honest_read(fake, offset);
}

static void set_enable(struct fake_nvme *fake, uint32_t cc)
{
	struct fake_nvme_queue *admin = &fake->queues[0];

	fake->cc = cc;
	fake->csts = cc & ENABLE;
	memset(fake->queues, 0, sizeof(fake->queues));
	if (!(cc & ENABLE))
		return;
	*admin = (struct fake_nvme_queue){
		.submissions = fake->asq, .completions = fake->acq, .size = (fake->aqa & 0xfff) + 1, .phase = true
	};
}

static void fake_write(const struct regs *regs, size_t offset, unsigned bytes UNUSED, uint64_t value)
{
	struct fake_nvme *fake = (struct fake_nvme *)regs->base;
	size_t stride = 4u << (fake->cap >> 32 & 15), doorbell = (offset - REG_DOORBELLS) / stride;

	switch (offset) {
	case REG_CC: set_enable(fake, (uint32_t)value); return;
	case REG_AQA: fake->aqa = (uint32_t)value; return;
	case REG_ASQ: fake->asq = value; return;
	case REG_ACQ: fake->acq = value; return;
	default: break;
	}
	/* A driver that was lied to about the stride writes between them: that rings none. */
	if (offset >= REG_DOORBELLS && !((offset - REG_DOORBELLS) % stride) && doorbell < 2 * FAKE_NVME_QUEUES &&
	    !(doorbell & 1))
		fake->queues[doorbell / 2].tail = (unsigned)value;
}

static const struct regs_ops ops = { fake_read, fake_write };

/* ---- commands ---- */

/* A page that a command names, which the driver must have. */
static void fill_page(struct fake_nvme *fake, uint64_t phys, size_t len, uint8_t pattern)
{
	void *at = fake_memory(phys, len);

	if (!at)
		panic("the driver gave a command an address that is no memory");
	if (!fake->queues[0].scribbled && !fake->queues[1].scribbled)
		memset(at, pattern, len);
}

static void transfer(struct fake_nvme *fake, const struct command *command, uint8_t pattern)
{
	size_t left = ((size_t)(command->dwords[2] & 0xffff) + 1) << fake->block_shift;
	size_t len = min(left, PAGE_SIZE - (size_t)(command->prp1 & (PAGE_SIZE - 1)));
	const uint64_t *list;

	fill_page(fake, command->prp1, len, pattern);
	left -= len;
	if (left && left <= PAGE_SIZE) {
		fill_page(fake, command->prp2, left, pattern);
		return;
	}
	list = left ? fake_memory(command->prp2, (left + PAGE_SIZE - 1) / PAGE_SIZE * sizeof(*list)) : NULL;
	if (left && !list)
		panic("the driver gave a command a list that is no memory");
	for (; left; left -= len) {
		len = min(left, PAGE_SIZE);
		fill_page(fake, *list++, len, pattern);
	}
}

static void identify(struct fake_nvme *fake, const struct command *command)
{
	uint8_t *page = fake_memory(command->prp1, PAGE_SIZE);
	uint32_t format = (uint32_t)fake->block_shift << 16;

	if (!page)
		panic("the driver asks where there is no memory");
	if (fake->queues[0].scribbled)
		return;
	memset(page, 0, PAGE_SIZE);
	if (command->dwords[0] == 0) {
		memcpy(page, &fake->blocks, sizeof(fake->blocks));
		memcpy(page + 128, &format, sizeof(format));
	} else {
		page[520] = 0x0c;	/* ONCS: discards and zeroes */
		page[525] = 1;		/* VWC */
	}
}

static void do_command(struct fake_nvme *fake, unsigned queue, const struct command *command, uint8_t pattern)
{
	struct fake_nvme_queue *io = &fake->queues[1];
	unsigned opcode = command->opcode_and_id & 0xff;

	if (queue) {
		if (opcode == IO_READ || opcode == IO_WRITE)
			transfer(fake, command, pattern);
	} else if (opcode == ADMIN_IDENTIFY) {
		identify(fake, command);
	} else if (opcode == ADMIN_CREATE_CQ) {
		io->completions = command->prp1;
		io->phase = true;
	} else if (opcode == ADMIN_CREATE_SQ) {
		io->submissions = command->prp1;
		io->size = (command->dwords[0] >> 16) + 1;
	}
}

static void complete(struct fake_nvme_queue *q, uint16_t id, uint16_t status)
{
	struct completion *c = fake_memory(q->completions + q->next * sizeof(*c), sizeof(*c));

	if (!c)
		return;
	c->id = id;
	c->sq_head = (uint16_t)q->head;
	__atomic_store_n(&c->status, (uint16_t)(status << 1 | q->phase), __ATOMIC_RELEASE);
	q->next = (q->next + 1) % q->size;
	if (!q->next)
		q->phase = !q->phase;
}

bool fake_nvme_answer(struct fake_nvme *fake, unsigned queue, uint8_t pattern, uint16_t status)
{
	struct fake_nvme_queue *q = &fake->queues[queue % FAKE_NVME_QUEUES];
	const struct command *at;
	struct command command;

	if (!q->size || q->head == q->tail || !(fake->cc & ENABLE))
		return false;
	at = fake_memory(q->submissions + q->head * sizeof(*at), sizeof(*at));
	if (!at || q->tail >= q->size)
		panic("the driver has no submissions where it says");
	command = *at;
	q->head = (q->head + 1) % q->size;
	if (!status)
		do_command(fake, queue % FAKE_NVME_QUEUES, &command, pattern);
	complete(q, (uint16_t)(command.opcode_and_id >> 16), status);
	return true;
}

/* ---- coming and going ---- */

int fake_nvme_attach(struct fake_nvme *fake, struct script *script)
{
	static const uint8_t msix[] = { PCI_CAP_MSIX, 0, 0, 0, 4 /* its table: BAR 4 */ };
	struct fake_function *f;

	memset(fake, 0, sizeof(*fake));
	fake->cap = 63 | UINT64_C(2) << 24;
	fake->blocks = 256;
	fake->block_shift = 9;
	fake_pci_init(&fake->pci, 1, NULL);
	f = &fake->pci.functions[0];
	f->registers = (struct regs){ &ops, (uintptr_t)fake, REGS_SIZE };
	fake_pci_put(f, PCI_CLASS, 1, 2);
	fake_pci_put(f, PCI_CLASS + 1, 2, CLASS_NVME);
	fake_pci_put(f, PCI_VENDOR, 2, 0x1b36);
	memcpy(f->space + 0x40, msix, sizeof(msix));
	fake_pci_bar_size(f, 0, REGS_SIZE);
	if (script) {
		fake->cap ^= script_take(script, 6);
		fake->blocks ^= script_take(script, 8);
		fake->block_shift ^= (uint8_t)script_take(script, 1);
		for (unsigned lies = (unsigned)script_take(script, 1) % 8; lies; lies--)
			fake_lies_more(fake->overrides, script);
	}
	return pci_scan(&fake->pci.host);
}

void fake_nvme_detach(struct fake_nvme *fake)
{
	pci_remove_all(&fake->pci.host);
}

/* ---- steps ---- */

enum { STEP_ANSWER, STEP_FAIL, STEP_COMPLETE, STEP_INTERRUPT, STEP_LIE, STEP_SCRIBBLE, STEP_STATUS, STEPS };

static void step_scribble(struct fake_nvme_queue *q, struct script *script)
{
	size_t size = q->size * sizeof(struct completion), offset = (size_t)script_take(script, 2);
	size_t len = (size_t)script_take(script, 1) % 17;
	uint8_t *base = size ? fake_memory(q->completions, size) : NULL;

	if (!base)
		return;
	offset %= size;
	script_bytes(script, base + offset, min(len, size - offset));
	q->scribbled = true;
}

void fake_nvme_step(struct fake_nvme *fake, struct script *script)
{
	unsigned what = (unsigned)script_take(script, 1), queue = what / 128;
	struct fake_nvme_queue *q = &fake->queues[queue];

	switch (what % STEPS) {
	case STEP_ANSWER: fake_nvme_answer(fake, queue, (uint8_t)script_take(script, 1), 0); break;
	case STEP_FAIL: fake_nvme_answer(fake, queue, 0, (uint16_t)(script_take(script, 2) & 0x7fff)); break;
	case STEP_COMPLETE:
		if (q->size) {
			q->scribbled = true;
			complete(q, (uint16_t)script_take(script, 2), (uint16_t)(script_take(script, 1) % 4));
		}
		break;
	case STEP_LIE: fake_lies_more(fake->overrides, script); break;
	case STEP_SCRIBBLE: step_scribble(q, script); break;
	case STEP_STATUS: fake->csts = (uint32_t)script_take(script, 1); break;
	default: break;
	}
	fake_pci_interrupt(&fake->pci, 0);
}
