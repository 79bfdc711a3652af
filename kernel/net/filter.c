/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classic BPF.
 */
#include "filter.h"

#include <kernel/errno.h>
#include <kernel/heap.h>
#include <kernel/random.h>

#define INSTRUCTIONS_MAX 4096
#define WORDS 16 /* of scratch memory */

/* An instruction's code: class, and what the class has. */
enum { LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, RET = 6, MISC = 7 };
enum { SIZE_W = 0x00, SIZE_H = 0x08, SIZE_B = 0x10 };
enum { MODE_IMM = 0x00, MODE_ABS = 0x20, MODE_IND = 0x40, MODE_MEM = 0x60, MODE_LEN = 0x80, MODE_MSH = 0xa0 };
enum {
	ADD = 0x00,
	SUB = 0x10,
	MUL = 0x20,
	DIV = 0x30,
	OR = 0x40,
	AND = 0x50,
	LSH = 0x60,
	RSH = 0x70,
	NEG = 0x80,
	MOD = 0x90,
	XOR = 0xa0
};
enum { JA = 0x00, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40 };
enum { SOURCE_K = 0x00, SOURCE_X = 0x08, RETURN_A = 0x10 };
enum { TAX = 0x00, TXA = 0x80 };

/* Offsets that mean something else than a place in the packet. */
#define SKF_AD 0xfffff000u
#define SKF_NET 0xfff00000u
#define SKF_LL 0xffe00000u
enum {
	AD_PROTOCOL = 0,
	AD_PKTTYPE = 4,
	AD_IFINDEX = 8,
	AD_HATYPE = 28,
	AD_VLAN_TAG = 44,
	AD_VLAN_TAG_PRESENT = 48,
	AD_RANDOM = 56,
	AD_VLAN_TPID = 60
};

struct instruction {
	uint16_t code;
	uint8_t jump_true, jump_false;
	uint32_t k;
};

struct filter {
	unsigned len;
	struct instruction instructions[];
};

struct machine {
	uint32_t a, x;
	uint32_t memory[WORDS];
};

/* ---- checking ---- */

static bool load_is_right(const struct instruction *i)
{
	unsigned size = i->code & 0x18, mode = i->code & 0xe0;

	if (i->code & ~0xffu)
		return false;
	if ((i->code & 7) == LDX) {
		if (mode == MODE_MSH)
			return size == SIZE_B;
		return size == SIZE_W && (mode == MODE_IMM || mode == MODE_LEN || (mode == MODE_MEM && i->k < WORDS));
	}
	if (mode == MODE_ABS || mode == MODE_IND)
		return size != (SIZE_H | SIZE_B);
	return size == SIZE_W && (mode == MODE_IMM || mode == MODE_LEN || (mode == MODE_MEM && i->k < WORDS));
}

static bool alu_is_right(const struct instruction *i)
{
	unsigned operation = i->code & 0xf0;
	bool by_x = i->code & SOURCE_X;

	if (i->code & ~0xffu || operation > XOR)
		return false;
	if (operation == NEG)
		return !by_x;
	if ((operation == DIV || operation == MOD) && !by_x)
		return i->k != 0;
	return by_x || (operation != LSH && operation != RSH) || i->k < 32;
}

/* Jumps lead forward, so it ends; and never past the last, which returns. */
static bool jump_is_right(const struct instruction *i, unsigned left)
{
	unsigned operation = i->code & 0xf0;

	if (i->code & ~0xffu || operation > JSET)
		return false;
	if (operation == JA)
		return !(i->code & SOURCE_X) && i->k < left;
	return i->jump_true < left && i->jump_false < left;
}

/* left: how many follow it. */
static bool is_right(const struct instruction *i, unsigned left)
{
	switch (i->code & 7) {
	case LD:
	case LDX: return load_is_right(i);
	case ST:
	case STX: return !(i->code & ~7u) && i->k < WORDS;
	case ALU: return alu_is_right(i);
	case JMP: return jump_is_right(i, left);
	case RET: return i->code == RET || i->code == (RET | RETURN_A);
	default: return i->code == (MISC | TAX) || i->code == (MISC | TXA);
	}
}

int filter_create(const struct abi_sock_fprog *program, struct filter **out)
{
	struct filter *filter;
	int err;

	if (!program->len || program->len > INSTRUCTIONS_MAX)
		return -EINVAL;
	filter = heap_alloc(sizeof(*filter) + program->len * sizeof(filter->instructions[0]));
	if (!filter)
		return -ENOMEM;
	filter->len = program->len;
	err = user_copy_in(filter->instructions, program->instructions, filter->len * sizeof(filter->instructions[0]));
	for (unsigned n = 0; n < filter->len && !err; n++)
		if (!is_right(&filter->instructions[n], filter->len - n - 1))
			err = -EINVAL;
	if (!err && (filter->instructions[filter->len - 1].code & 7) != RET)
		err = -EINVAL;
	if (err)
		heap_free(filter);
	else
		*out = filter;
	return err;
}

void filter_free(struct filter *filter)
{
	heap_free(filter);
}

/* ---- running ---- */

static bool fact(const struct filter_packet *packet, uint32_t which, uint32_t *value)
{
	switch (which) {
	case AD_PROTOCOL: *value = packet->protocol; return true;
	case AD_PKTTYPE: *value = packet->pkttype; return true;
	case AD_IFINDEX: *value = packet->index; return true;
	case AD_HATYPE: *value = packet->hatype; return true;
	case AD_VLAN_TAG:
	case AD_VLAN_TAG_PRESENT:
	case AD_VLAN_TPID: *value = 0; return true;
	case AD_RANDOM: random_bytes(value, sizeof(*value)); return true;
	default: return false;
	}
}

/* Bytes of the packet, most significant first. False: beyond its end, which ends the program. */
static bool load(const struct filter_packet *packet, uint32_t offset, unsigned size, uint32_t *value)
{
	size_t at = offset, len = size == SIZE_W ? 4 : size == SIZE_H ? 2 : 1;

	if (offset >= SKF_AD)
		return fact(packet, offset - SKF_AD, value);
	if (offset >= SKF_NET)
		at = packet->network + (offset - SKF_NET);
	else if (offset >= SKF_LL)
		at = offset - SKF_LL;
	if (at > packet->len || len > packet->len - at)
		return false;
	*value = 0;
	for (size_t i = 0; i < len; i++)
		*value = *value << 8 | packet->data[at + i];
	return true;
}

static bool run_load(struct machine *m, const struct instruction *i, const struct filter_packet *packet)
{
	uint32_t *to = (i->code & 7) == LDX ? &m->x : &m->a;

	switch (i->code & 0xe0) {
	case MODE_IMM: *to = i->k; return true;
	case MODE_MEM: *to = m->memory[i->k]; return true;
	case MODE_LEN: *to = (uint32_t)packet->len; return true;
	case MODE_ABS: return load(packet, i->k, i->code & 0x18, to);
	case MODE_IND: return load(packet, i->k + m->x, i->code & 0x18, to);
	default:
		/* The length of an IP header, as its first byte says. */
		if (!load(packet, i->k, SIZE_B, to))
			return false;
		*to = (*to & 15) * 4;
		return true;
	}
}

static bool run_alu(struct machine *m, const struct instruction *i)
{
	uint32_t by = i->code & SOURCE_X ? m->x : i->k;

	switch (i->code & 0xf0) {
	case ADD: m->a += by; return true;
	case SUB: m->a -= by; return true;
	case MUL: m->a *= by; return true;
	case DIV:
	case MOD:
		if (!by)
			return false;
		m->a = (i->code & 0xf0) == DIV ? m->a / by : m->a % by;
		return true;
	case OR: m->a |= by; return true;
	case AND: m->a &= by; return true;
	case LSH: m->a <<= by & 31; return true;
	case RSH: m->a >>= by & 31; return true;
	case XOR: m->a ^= by; return true;
	default: m->a = -m->a; return true;
	}
}

static unsigned jump(const struct machine *m, const struct instruction *i)
{
	uint32_t by = i->code & SOURCE_X ? m->x : i->k;
	bool holds;

	switch (i->code & 0xf0) {
	case JA: return i->k;
	case JEQ: holds = m->a == by; break;
	case JGT: holds = m->a > by; break;
	case JGE: holds = m->a >= by; break;
	default: holds = m->a & by; break;
	}
	return holds ? i->jump_true : i->jump_false;
}

size_t filter_run(const struct filter *filter, const struct filter_packet *packet)
{
	struct machine m = { 0 };

	for (unsigned n = 0; n < filter->len; n++) {
		const struct instruction *i = &filter->instructions[n];
		bool goes_on = true;

		switch (i->code & 7) {
		case LD:
		case LDX: goes_on = run_load(&m, i, packet); break;
		case ST: m.memory[i->k] = m.a; break;
		case STX: m.memory[i->k] = m.x; break;
		case ALU: goes_on = run_alu(&m, i); break;
		case JMP: n += jump(&m, i); break;
		case RET: return i->code & RETURN_A ? m.a : i->k;
		default:
			if (i->code & TXA)
				m.a = m.x;
			else
				m.x = m.a;
		}
		if (!goes_on)
			return 0;
	}
	return 0;
}
