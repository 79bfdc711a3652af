/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CRC-32: eight tables each, so that eight bytes are one step (made at boot: they are quicker made than loaded).
 */
#include <kernel/crc32.h>

#include <kernel/boot.h>
#include <kernel/linkset.h>
#include <kernel/string.h>

#define POLYNOMIAL_IEEE 0xedb88320u
#define POLYNOMIAL_CASTAGNOLI 0x82f63b78u

typedef uint32_t tables_t[8][256];
static tables_t ieee, castagnoli;

static void make(tables_t tables, uint32_t polynomial)
{
	for (unsigned i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
		tables[0][i] = crc;
	}
	for (unsigned t = 1; t < 8; t++)
		for (unsigned i = 0; i < 256; i++)
			tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
}

static uint32_t run(const tables_t t, uint32_t crc, const uint8_t *at, size_t len)
{
	for (; len >= 8; len -= 8, at += 8) {
		uint32_t low, high;

		memcpy(&low, at, 4);
		memcpy(&high, at + 4, 4);
		low ^= crc;
		crc = t[7][low & 0xff] ^ t[6][low >> 8 & 0xff] ^ t[5][low >> 16 & 0xff] ^ t[4][low >> 24] ^
		      t[3][high & 0xff] ^ t[2][high >> 8 & 0xff] ^ t[1][high >> 16 & 0xff] ^ t[0][high >> 24];
	}
	while (len--)
		crc = crc >> 8 ^ t[0][(crc ^ *at++) & 0xff];
	return crc;
}

uint32_t crc32_more(uint32_t crc, const void *data, size_t len)
{
	return ~run(ieee, ~crc, data, len);
}

uint32_t crc32(const void *data, size_t len)
{
	return crc32_more(0, data, len);
}

uint32_t crc32c_raw(uint32_t state, const void *data, size_t len)
{
	return run(castagnoli, state, data, len);
}

static int crc32_init(void)
{
	make(ieee, POLYNOMIAL_IEEE);
	make(castagnoli, POLYNOMIAL_CASTAGNOLI);
	return 0;
}
INIT_CALL(INIT_CORE, crc32_init);
