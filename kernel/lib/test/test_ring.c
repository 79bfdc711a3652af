/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The byte ring: against a plain queue of the same bytes, and at its edges.
 */
#include <kernel/ring.h>
#include <kernel/string.h>
#include <kernel/test.h>

TEST(ring_returns_what_was_put_in)
{
	char buf[8], out[9] = { 0 };
	struct ring ring;

	ring_init(&ring, buf, sizeof(buf));
	CHECK_EQ(ring_put(&ring, "abcdef", 6), 6);
	CHECK_EQ(ring_get(&ring, out, 4), 4);
	CHECK(!memcmp(out, "abcd", 4));
	CHECK_EQ(ring_put(&ring, "ghijklmn", 8), 6); /* goes round */
	CHECK_EQ(ring_space(&ring), 0);
	CHECK_EQ(ring_put(&ring, "x", 1), 0);
	CHECK_EQ(ring_get(&ring, out, sizeof(out)), 8);
	CHECK(!memcmp(out, "efghijkl", 8));
	CHECK_EQ(ring_get(&ring, out, 1), 0);
}

TEST(ring_pieces_are_contiguous)
{
	char buf[4];
	struct ring ring;
	void *piece;

	ring_init(&ring, buf, sizeof(buf));
	ring_put(&ring, "abc", 3);
	ring_get(&ring, (char[2]){ 0 }, 2);
	CHECK_EQ(ring_room(&ring, &piece), 1);
	CHECK(piece == buf + 3);
	ring_added(&ring, 1);
	CHECK_EQ(ring_room(&ring, &piece), 2);
	CHECK(piece == buf);
	ring_added(&ring, 2);
	CHECK_EQ(ring_room(&ring, &piece), 0);
	CHECK_EQ(ring_peek(&ring, &piece), 2);
	CHECK(piece == buf + 2);
	ring_taken(&ring, 2);
	CHECK_EQ(ring_peek(&ring, &piece), 2);
	CHECK(piece == buf);
}

TEST(ring_of_any_size_is_a_queue)
{
	char buf[7];
	uint8_t in = 0, out = 0, bytes[7];
	struct ring ring;

	ring_init(&ring, buf, sizeof(buf));
	for (unsigned round = 0; round < 1000; round++) {
		for (unsigned i = 0; i < round % 5; i++)
			in += (uint8_t)ring_put(&ring, &in, 1);
		size_t n = ring_get(&ring, bytes, round % 4);
		for (size_t i = 0; i < n; i++)
			CHECK_EQ(bytes[i], out++);
		CHECK_EQ(ring.len, (uint8_t)(in - out));
	}
}

TEST(ring_without_room_takes_nothing)
{
	struct ring ring;

	ring_init(&ring, NULL, 0);
	CHECK_EQ(ring_put(&ring, "a", 1), 0);
	CHECK_EQ(ring_get(&ring, NULL, 1), 0);
}
