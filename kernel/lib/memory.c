/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memcpy and friends for booted images (the host image links to libc's). Written for emulated CPUs: 64-bit moves,
 * four a round; string instructions are several times slower there. Never instrumented: the snapshot and the
 * sanitizers use them.
 */
#include <kernel/compiler.h>
#include <kernel/string.h>

#define NO_BUILTIN __attribute__((no_builtin)) NO_INSTRUMENT

/* Eight bytes anywhere, of any type. */
struct word {
	uint64_t v;
} __attribute__((packed, may_alias));

struct half {
	uint32_t v;
} __attribute__((packed, may_alias));

#define ROUND (4 * sizeof(struct word))

/* Less than eight bytes. All is read before any is written: the two may overlap. */
static inline void copy_few(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n >= sizeof(struct half)) {
		struct half first = *(const struct half *)s, last = *(const struct half *)(s + n - sizeof(last));

		*(struct half *)d = first;
		*(struct half *)(d + n - sizeof(last)) = last;
	} else if (n) {
		uint8_t first = s[0], middle = s[n / 2], last = s[n - 1];

		d[0] = first;
		d[n / 2] = middle;
		d[n - 1] = last;
	}
}

/* The last word is read first, as it may lie in what is written. */
NO_BUILTIN static void copy_up(uint8_t *d, const uint8_t *s, size_t n)
{
	struct word last, *last_to = (struct word *)(d + n - sizeof(last));

	if (n < sizeof(last)) {
		copy_few(d, s, n);
		return;
	}
	last = *(const struct word *)(s + n - sizeof(last));
	for (; n >= ROUND; n -= ROUND, d += ROUND, s += ROUND) {
		struct word a = ((const struct word *)s)[0], b = ((const struct word *)s)[1];
		struct word c = ((const struct word *)s)[2], e = ((const struct word *)s)[3];

		((struct word *)d)[0] = a;
		((struct word *)d)[1] = b;
		((struct word *)d)[2] = c;
		((struct word *)d)[3] = e;
	}
	for (; n >= sizeof(struct word); n -= sizeof(struct word), d += sizeof(struct word), s += sizeof(struct word))
		*(struct word *)d = *(const struct word *)s;
	*last_to = last;
}

NO_BUILTIN static void copy_down(uint8_t *d, const uint8_t *s, size_t n)
{
	d += n;
	s += n;
	for (; n >= sizeof(struct word); n -= sizeof(struct word)) {
		d -= sizeof(struct word);
		s -= sizeof(struct word);
		*(struct word *)d = *(const struct word *)s;
	}
	while (n--)
		*--d = *--s;
}

NO_BUILTIN void *memcpy(void *dst, const void *src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

NO_BUILTIN void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

/* Whole rounds, then what is left by halves: no loop goes round for a word or two. */
NO_BUILTIN void *memset(void *dst, int c, size_t n)
{
	uint8_t *d = dst;
	struct word w = { (uint8_t)c * UINT64_C(0x0101010101010101) };

	if (n < sizeof(w)) {
		while (n--)
			*d++ = (uint8_t)c;
		return dst;
	}
	*(struct word *)(d + n - sizeof(w)) = w;
	for (; n >= 4 * ROUND; n -= 4 * ROUND, d += 4 * ROUND) {
		struct word *to = (struct word *)d;

		to[0] = to[1] = to[2] = to[3] = w;
		to[4] = to[5] = to[6] = to[7] = w;
		to[8] = to[9] = to[10] = to[11] = w;
		to[12] = to[13] = to[14] = to[15] = w;
	}
	if (n & 2 * ROUND) {
		struct word *to = (struct word *)d;

		to[0] = to[1] = to[2] = to[3] = w;
		to[4] = to[5] = to[6] = to[7] = w;
		d += 2 * ROUND;
	}
	if (n & ROUND) {
		struct word *to = (struct word *)d;

		to[0] = to[1] = to[2] = to[3] = w;
		d += ROUND;
	}
	if (n & ROUND / 2) {
		((struct word *)d)[0] = ((struct word *)d)[1] = w;
		d += ROUND / 2;
	}
	if (n & ROUND / 4)
		*(struct word *)d = w;
	return dst;
}

NO_BUILTIN int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	while (n >= sizeof(struct word) && ((const struct word *)x)->v == ((const struct word *)y)->v) {
		n -= sizeof(struct word);
		x += sizeof(struct word);
		y += sizeof(struct word);
	}
	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

NO_BUILTIN void *memchr(const void *s, int c, size_t n)
{
	for (const uint8_t *p = s; n; n--, p++) {
		if (*p == (uint8_t)c)
			return (void *)p;
	}
	return NULL;
}
