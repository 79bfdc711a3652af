/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring that lies: the device says which request it has done, by a number that is none. What lies there, behind the
 * driver's requests, is a buffer that the device has written.
 */
#include "attacks.h"

#define REQUESTS 4

struct request {
	long (*done)(struct request *request, uint32_t len);
	uint64_t total;
};

/* As the kernel shares it with a device: requests are the kernel's, buffers and ring the device's. */
static struct {
	struct request requests[REQUESTS];
	uint8_t buffers[REQUESTS][128];
	volatile struct {
		uint32_t id, len;
	} used;
} driver;

static long done(struct request *request, uint32_t len)
{
	request->total += len;
	return (long)request->total;
}

/* The mistake: id is believed. */
static NOINLINE long complete(void)
{
	struct request *requests = attack_opaque(&driver.requests[0]);
	struct request *request = &requests[driver.used.id];

	return request->done(request, driver.used.len);
}

static void reset(void)
{
	for (int i = 0; i < REQUESTS; i++)
		driver.requests[i] = (struct request){ .done = done };
}

static bool benign(const struct attack *attack)
{
	reset();
	driver.used.id = 2;
	driver.used.len = 9;
	return complete() == 9;
}

static void lie(const struct attack *attack, uintptr_t slide)
{
	uint64_t goal = attack_linked_code(attack_goal) + slide;

	reset();
	/* DMA into a buffer that was given to the device, and then a used entry. */
	memcpy(driver.buffers[1], &goal, sizeof(goal));
	driver.used.id = REQUESTS + sizeof(driver.buffers[0]) / sizeof(struct request);
	attack_primitive(attack);
	complete();
}
ATTACK_BODY(lie)

ATTACK(dma_ring, .family = "device", .primitive = HOSTILE_DEVICE, .knowledge = LAYOUT_KNOWN,
       .stopped_by = "kcfi layout", .about = "a used entry names a request that lies in a buffer", .run = run,
       .benign = benign, .adaptive = adaptive);
