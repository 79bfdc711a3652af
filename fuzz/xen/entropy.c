/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A clone's own entropy, in it before its first instruction: in the registers that the hypercall by which its parent
 * stopped may change (struct platform's suspend()), 256 bits.
 */
#include "internal.h"

#include <string.h>
#include <sys/random.h>
#include <xen/hvm/save.h>

#define WORDS 4

/* The records of Xen's saved state (xen/hvm/save.h), one behind the other. NULL: it has no CPU. */
static struct hvm_hw_cpu *find_cpu(uint8_t *context, uint32_t size)
{
	struct hvm_save_descriptor record;
	uint32_t at = 0;

	while (size - at >= sizeof(record)) {
		memcpy(&record, context + at, sizeof(record));
		at += sizeof(record);
		if (record.length > size - at)
			return NULL;
		if (record.typecode == HVM_SAVE_CODE(CPU) && record.length >= sizeof(struct hvm_hw_cpu))
			return (struct hvm_hw_cpu *)(context + at);
		at += record.length;
	}
	return NULL;
}

int context_put_entropy(uint8_t *context, uint32_t size)
{
	struct hvm_hw_cpu *cpu = find_cpu(context, size);
	uint64_t words[WORDS];

	if (!cpu || getrandom(words, sizeof(words), 0) != sizeof(words))
		return -1;
	cpu->r8 = words[0];
	cpu->r9 = words[1];
	cpu->r10 = words[2];
	cpu->r11 = words[3];
	return 0;
}
