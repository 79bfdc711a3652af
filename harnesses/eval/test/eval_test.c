/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of saki-eval that need no machine: proofs, intervals, entropy, the judge, expectations. Prints "ok NAME"
 * lines, as suites do.
 */
#include <harnesses/eval/host/eval.h>
#include <harnesses/eval/host/matrix.h>
#include <harnesses/eval/host/stream.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *name;
static bool failed;

static void check(bool fine, const char *what)
{
	if (!fine && !failed)
		printf("not ok %s: %s\n", name, what);
	failed |= !fine;
}
#define CHECK(condition) check(condition, #condition)

static bool is_near(double a, double b, double by)
{
	return fabs(a - b) <= by;
}

/* The vectors that the hash's authors publish, as far as they are whole words. */
static void siphash_of_published_vectors(void)
{
	static const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	static const uint64_t words[1] = { UINT64_C(0x0706050403020100) };

	CHECK(siphash(key, words, 0) == UINT64_C(0x726fdb47dd0e0e31));
	CHECK(siphash(key, words, 1) == UINT64_C(0x93f5f5799a932462));
}

static void proofs_depend_on_nonce_and_name(void)
{
	CHECK(attack_proof(1, "a") != attack_proof(2, "a"));
	CHECK(attack_proof(1, "a") != attack_proof(1, "b"));
	CHECK(attack_proof(1, "abcdefgh") != attack_proof(1, "abcdefghi"));
}

/* Wilson's intervals as Newcombe (Statistics in Medicine 17, 1998, table I, method 3) has them. */
static void wilson_of_published_values(void)
{
	static const struct {
		unsigned count, trials;
		double low, high;
	} known[] = {
		{ 81, 263, 0.2553, 0.3662 },
		{ 15, 148, 0.0624, 0.1605 },
		{ 0, 20, 0.0000, 0.1611 },
		{ 1, 29, 0.0061, 0.1718 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct interval got = wilson(known[i].count, known[i].trials);
		struct interval other = wilson(known[i].trials - known[i].count, known[i].trials);

		CHECK(is_near(got.low, known[i].low, 0.00005) && is_near(got.high, known[i].high, 0.00005));
		CHECK(is_near(other.low, 1 - known[i].high, 0.00005) && is_near(other.high, 1 - known[i].low, 0.00005));
	}
	CHECK(wilson(0, 0).low <= 0 && wilson(0, 0).high >= 1);
}

/* SP 800-90B, 6.3.1, has this example: 0.5363 bits of the 20 symbols. */
static void most_common_value_of_the_standards_example(void)
{
	uint64_t values[] = { 0, 1, 1, 2, 0, 1, 2, 2, 0, 1, 0, 1, 1, 0, 2, 2, 1, 0, 2, 1 };
	struct entropy e = entropy_of(values, 20);

	CHECK(e.most_common == 8 && e.different == 3 && e.samples == 20);
	CHECK(is_near(e.mcv_bits, 0.5363, 0.0001));
}

static void entropy_of_known_sources(void)
{
	static uint64_t values[1000];
	struct entropy e;

	for (size_t i = 0; i < 1000; i++)
		values[i] = 0xffff800000000000;
	e = entropy_of(values, 1000);
	CHECK(e.collision_bits < 0.001 && e.mcv_bits < 0.001 && !e.varying && e.different == 1);
	/* Each of 250 values four times: exactly log2(250) but for the pairs of a value with itself. */
	for (size_t i = 0; i < 1000; i++)
		values[i] = i % 250 << 12;
	e = entropy_of(values, 1000);
	CHECK(e.pairs == 1500 && is_near(e.collision_bits, log2(499500.0 / 1500), 1e-9));
	CHECK(e.varying == 0xff000 && e.collision_least_bits < e.collision_bits);
	CHECK(is_near(e.collision_bits - e.collision_least_bits, log2(1565.6 / 1500), 0.01));
	/* All different: no more is said than pairs allow. */
	for (size_t i = 0; i < 1000; i++)
		values[i] = i;
	e = entropy_of(values, 1000);
	CHECK(!e.pairs && e.collision_bits > 17 && e.collision_bits < 18 &&
	      e.collision_least_bits >= e.collision_bits && e.mcv_bits < e.limit_bits);
	CHECK(entropy_of(values, 1).samples == 1);
}

/* ---- the judge ---- */

#define NONCE UINT64_C(0x1234567890abcdef)

static struct verdict judged(const char *text, enum machine_end end, enum variant variant, const char *on,
			     const char *stopped_by)
{
	struct question question = { "smash", variant, NONCE, 0, 0 };
	struct evidence evidence = { end, 0, text, "no QEMU" };
	struct verdict verdict;

	CHECK(defence_parse_set(on, &question.on) && defence_parse_set(stopped_by, &question.stopped_by));
	judge(&question, &evidence, &verdict);
	return verdict;
}

#define BEGINS "attack: smash begins\nattack: smash primitive\n"
#define CRASH(kind) BEGINS "crash: " kind " at pc 0xffffffff80101234: what it was\n  #0 0x1\n"

static void only_the_proof_is_success(void)
{
	char text[160];

	snprintf(text, sizeof(text), BEGINS "attack: goal %016" PRIx64 "\n", attack_proof(NONCE, "smash"));
	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_SUCCEEDED);
	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "", "").primitive);
	snprintf(text, sizeof(text), BEGINS "attack: goal %016" PRIx64 "\n", attack_proof(NONCE + 1, "smash"));
	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	snprintf(text, sizeof(text), BEGINS "attack: goal %016" PRIx64 " \n", attack_proof(NONCE, "smash"));
	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	/* Who repeats his nonce knows nothing. */
	snprintf(text, sizeof(text), BEGINS "attack: goal %016" PRIx64 "\n", NONCE);
	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	CHECK(judged(BEGINS "attack: goal \n", END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
}

static void stopped_needs_a_defence_that_is_on(void)
{
	struct verdict v = judged(CRASH("stack smash"), END_STATUS, VARIANT_PLAIN, "stackprotector", "");

	CHECK(v.outcome == OUTCOME_STOPPED && v.defence == DEFENCE_STACKPROTECTOR);
	CHECK(!strcmp(v.report, "crash: stack smash at pc 0xffffffff80101234: what it was"));
	v = judged(CRASH("stack smash"), END_STATUS, VARIANT_PLAIN, "kcfi", "stackprotector");
	CHECK(v.outcome == OUTCOME_CRASH && v.defence == DEFENCES);
	v = judged(CRASH("page fault"), END_STATUS, VARIANT_PLAIN, "stackprotector kcfi wx guard", "wx");
	CHECK(v.outcome == OUTCOME_CRASH);
	v = judged(CRASH("write to read-only memory"), END_STATUS, VARIANT_PLAIN, "wx readonly", "readonly");
	CHECK(v.outcome == OUTCOME_STOPPED && v.defence == DEFENCE_READONLY);
	v = judged(BEGINS "crash: stack overflow at pc 0x1: double fault\n", END_STATUS, VARIANT_PLAIN, "guard", "");
	CHECK(v.outcome == OUTCOME_CRASH);
	v = judged(CRASH("no such kind"), END_STATUS, VARIANT_PLAIN, "guard wx", "");
	CHECK(v.outcome == OUTCOME_CRASH);
}

static void first_crash_counts(void)
{
	struct verdict v = judged(BEGINS "crash: again at pc 0x3: x\ncrash: control flow at pc 0x1: x\n"
					 "crash: again at pc 0x2: stack smash\n",
				  END_STATUS, VARIANT_PLAIN, "stackprotector,kcfi", "");

	CHECK(v.outcome == OUTCOME_STOPPED && v.defence == DEFENCE_KCFI);
	/* A line that the crash has cut off. */
	v = judged("attack: smash begins\nattack: smacrash: control flow at pc 0x1: x\n", END_STATUS, VARIANT_PLAIN,
		   "kcfi", "");
	CHECK(v.outcome == OUTCOME_STOPPED);
	v = judged("crash: control flow at pc 0x1: x\n", END_STATUS, VARIANT_PLAIN, "kcfi", "");
	CHECK(v.outcome == OUTCOME_ERROR);
}

static void denied_calls_are_the_filters(void)
{
	const char *text = BEGINS "saki: denied system call ptrace\nattack: smash failed: refused\n";

	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "filter", "filter").outcome == OUTCOME_STOPPED);
	CHECK(judged(text, END_STATUS, VARIANT_PLAIN, "wx", "filter").outcome == OUTCOME_FAILED);
}

static void ends_without_a_word(void)
{
	CHECK(judged(BEGINS, END_LIMIT, VARIANT_PLAIN, "", "").outcome == OUTCOME_DOS);
	CHECK(judged(CRASH("hang"), END_STATUS, VARIANT_PLAIN, "wx", "").outcome == OUTCOME_DOS);
	CHECK(judged(BEGINS, END_GONE, VARIANT_PLAIN, "", "").outcome == OUTCOME_DOS);
	CHECK(judged(BEGINS, END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_DOS);
	CHECK(judged("", END_LIMIT, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	CHECK(judged("", END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	CHECK(judged("", END_NO_MACHINE, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	CHECK(judged(BEGINS "attack: smash failed: no\n", END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_FAILED);
	CHECK(judged(BEGINS "attack: smash not applicable: no\n", END_STATUS, VARIANT_PLAIN, "", "").outcome ==
	      OUTCOME_NOT_APPLICABLE);
	CHECK(judged(BEGINS "attack: other failed: no\n", END_STATUS, VARIANT_PLAIN, "", "").outcome == OUTCOME_DOS);
}

static void benign_twins(void)
{
	char text[200];

	CHECK(judged(BEGINS "attack: smash benign\n", END_STATUS, VARIANT_BENIGN, "", "").outcome == OUTCOME_PASSED);
	CHECK(judged(BEGINS "attack: smash benign\n", END_GONE, VARIANT_BENIGN, "", "").outcome == OUTCOME_FAILED);
	CHECK(judged(CRASH("stack smash"), END_STATUS, VARIANT_BENIGN, "stackprotector", "").outcome ==
	      OUTCOME_STOPPED);
	snprintf(text, sizeof(text), BEGINS "attack: goal %016" PRIx64 "\n", attack_proof(NONCE, "smash"));
	CHECK(judged(text, END_STATUS, VARIANT_BENIGN, "", "").outcome == OUTCOME_FAILED);
}

/* What a kernel says that is not its own master any more. */
static void hostile_output(void)
{
	static char text[STREAM_FIRST + STREAM_LAST + 1];
	struct verdict v;

	memset(text, 'A', sizeof(text) - 1);
	CHECK(judged(text, END_LIMIT, VARIANT_PLAIN, "", "").outcome == OUTCOME_ERROR);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(1 + (i * 7919 ^ i >> 3) % 255);
	judged(text, END_LIMIT, VARIANT_PLAIN, "wx", "wx");
	memcpy(text, BEGINS, strlen(BEGINS));
	v = judged(text, END_LIMIT, VARIANT_PLAIN, "", "");
	for (const char *at = v.report; *at; at++)
		CHECK(*at >= ' ' && *at <= '~');
	v = judged(BEGINS "crash: \x1b[2J<script>\xff\r at pc 0x1: \x07\n", END_GONE, VARIANT_PLAIN, "", "");
	CHECK(v.outcome == OUTCOME_CRASH && !strcmp(v.report, "crash: ?[2J<script>? at pc 0x1: ?"));
	CHECK(judged("attack: \nattack: goal\nattack: smash\nattack: smash \ncrash: \ncrash: at pc \n", END_GONE,
		     VARIANT_PLAIN, "", "")
		      .outcome == OUTCOME_ERROR);
}

static void streams_keep_the_first_and_the_last(void)
{
	struct stream stream;
	char block[4096];
	int theirs = -1;

	CHECK(!stream_open(&stream, &theirs));
	for (unsigned i = 0; i < 100; i++) {
		memset(block, i ? 'a' + i % 26 : 0, sizeof(block));
		if (i == 99)
			memcpy(block + sizeof(block) - 4, "end\n", 4);
		CHECK(write(theirs, block, sizeof(block)) == sizeof(block));
		stream_read(&stream);
	}
	close(theirs);
	stream_read_to_end(&stream);
	CHECK(stream.len <= STREAM_FIRST + STREAM_LAST && stream.len + stream.dropped == 100 * sizeof(block));
	CHECK(strlen(stream.text) == stream.len && *stream.text == '?');
	CHECK(!strcmp(stream.text + stream.len - 4, "end\n"));
	stream_close(&stream);
}

/* ---- lists and expectations ---- */

static struct matrix matrix;

static void lists_of_attacks(void)
{
	attacks_parse(
		&matrix.attacks,
		"hello\n"
		"attack-list: ret\treturn address\tlinear overflow\tlayout known\t0\tstackprotector shadowstack\t\t"
		"benign adaptive\toverwrites it\n"
		"attack-list: guess\tguessing\tlogic\tblind\t99999999\tlayout\t\tbenign\tx\n"
		"attack-list: control\tcontrols\tlogic\tblind\t1\t\t\t\tx\r\n"
		"attack-list: aimed\tshadow stack\tarbitrary write\tlayout known\t1\tpks\tshadowstack\t\tx\n"
		"attack-list: ../evil name\tx\ty\tz\t1\t\t\t\t\n"
		"attack-list: short\tx\n");
	CHECK(matrix.attacks.count == 4);
	attacks_filter(&matrix.attacks, NULL);
	CHECK(!strcmp(matrix.attacks.list[0].name, "control") && !matrix.attacks.list[0].stopped_by);
	CHECK(!strcmp(matrix.attacks.list[1].name, "guess") && matrix.attacks.list[1].tries == 10000);
	CHECK(!strcmp(matrix.attacks.list[2].name, "ret") && matrix.attacks.list[2].tries == 1);
	CHECK(matrix.attacks.list[2].has_benign && matrix.attacks.list[2].has_adaptive);
	CHECK(matrix.attacks.list[3].aims_at == DEFENCE_BIT(DEFENCE_SHADOWSTACK));
}

static void expectations(void)
{
	CHECK(!presets_choose(&matrix.presets, "none,stackprotector,layout,hardened,no-stackprotector,none"));
	CHECK(matrix.presets.count == 5 && matrix.presets.list[4].sort == PRESET_LESS_ONE);
	CHECK(!strcmp(matrix.presets.list[4].full, "attacks+hardened+no-stackprotector"));
	CHECK(!strcmp(matrix.presets.list[1].full, "attacks+none+stackprotector"));
	matrix.presets.list[1].on = DEFENCE_BIT(DEFENCE_STACKPROTECTOR);
	matrix.presets.list[2].on = DEFENCE_BIT(DEFENCE_LAYOUT);
	matrix.presets.list[3].on = DEFENCE_BIT(DEFENCES) - 1;
	matrix.presets.list[4].on = matrix.presets.list[3].on & ~DEFENCE_BIT(DEFENCE_STACKPROTECTOR);
	CHECK(matrix_expected(&matrix, 2, 0, VARIANT_PLAIN) == EXPECT_SUCCESS);
	CHECK(matrix_expected(&matrix, 2, 1, VARIANT_PLAIN) == EXPECT_STOP);
	CHECK(matrix_expected(&matrix, 2, 2, VARIANT_PLAIN) == EXPECT_SUCCESS);
	CHECK(matrix_expected(&matrix, 1, 3, VARIANT_PLAIN) == EXPECT_RARELY);
	CHECK(matrix_expected(&matrix, 1, 3, VARIANT_ADAPTIVE) == EXPECT_SUCCESS);
	CHECK(matrix_expected(&matrix, 2, 3, VARIANT_ADAPTIVE) == EXPECT_STOP);
	CHECK(matrix_expected(&matrix, 0, 3, VARIANT_PLAIN) == EXPECT_SUCCESS);
	CHECK(matrix_expected(&matrix, 0, 3, VARIANT_BENIGN) == EXPECT_PASS);
	CHECK(matrix_expected(&matrix, 3, 0, VARIANT_PLAIN) == EXPECT_ABSENT);
	CHECK(presets_choose(&matrix.presets, "none,../etc") == EVAL_USAGE);
	/* None, each alone, hardened, and that less each of what it has: all but the keys, as it has the view. */
	CHECK(!presets_choose(&matrix.presets, NULL) && matrix.presets.count == 2 + DEFENCES + (DEFENCES - 1));
	for (size_t i = 0; i < matrix.presets.count; i++)
		CHECK(strcmp(matrix.presets.list[i].name, "no-pks"));
}

static void add(size_t attack, size_t preset, enum variant variant, enum outcome outcome, enum defence defence,
		unsigned times)
{
	struct verdict verdict = { .outcome = outcome, .defence = defence, .primitive = true };

	while (times--)
		cell_add(matrix_cell(&matrix, attack, preset, variant), &verdict);
}

static void shares(void)
{
	struct summary s;

	CHECK(!presets_choose(&matrix.presets, "none,hardened"));
	matrix.presets.list[0].on = 0;
	matrix.presets.list[1].on = DEFENCE_BIT(DEFENCES) - 1;
	CHECK(matrix_make(&matrix));
	add(2, 0, VARIANT_PLAIN, OUTCOME_SUCCEEDED, DEFENCES, 99);
	add(2, 0, VARIANT_PLAIN, OUTCOME_DOS, DEFENCES, 1);
	add(2, 1, VARIANT_PLAIN, OUTCOME_STOPPED, DEFENCE_SHADOWSTACK, 1);
	add(2, 1, VARIANT_BENIGN, OUTCOME_PASSED, DEFENCES, 1);
	add(1, 1, VARIANT_PLAIN, OUTCOME_CRASH, DEFENCES, 19);
	add(1, 1, VARIANT_PLAIN, OUTCOME_SUCCEEDED, DEFENCES, 1);
	add(0, 1, VARIANT_PLAIN, OUTCOME_SUCCEEDED, DEFENCES, 1);
	add(3, 0, VARIANT_PLAIN, OUTCOME_NOT_APPLICABLE, DEFENCES, 1);
	s = matrix_summary(&matrix);
	CHECK(s.none.count == 1 && s.none.of == 1);
	CHECK(s.stopped.count == 1 && s.stopped.of == 1 && s.held.count == 2 && s.held.of == 2);
	CHECK(s.controls.count == 1 && s.controls.of == 1 && s.benign.count == 1 && s.benign.of == 1);
	CHECK(summary_is_fine(&s) && !s.unexpected);
	CHECK(cell_is_mixed(matrix_cell(&matrix, 1, 1, VARIANT_PLAIN)));
	/* A second boot in which it was not so: no longer "at least 99 of 100". */
	add(2, 0, VARIANT_PLAIN, OUTCOME_DOS, DEFENCES, 1);
	add(2, 1, VARIANT_PLAIN, OUTCOME_CRASH, DEFENCES, 1);
	s = matrix_summary(&matrix);
	CHECK(!s.none.count && !s.stopped.count && s.unexpected == 2 && !summary_is_fine(&s));
	matrix_free(&matrix);
}

static void explanations(void)
{
	char path[] = "/tmp/saki-eval-test-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	struct explained explained;

	fputs("# comment\n\nret_* plain hardened crash-unattributed: as it is\n* * * dos: hangs\n", file);
	fclose(file);
	CHECK(!explained_read(&explained, path) && explained.count == 2);
	CHECK(!strcmp(explained_find(&explained, "ret_x", "plain", "hardened", "crash-unattributed"), "as it is"));
	CHECK(!explained_find(&explained, "ret_x", "plain", "none", "crash-unattributed"));
	CHECK(explained_find(&explained, "y", "benign", "no-wx", "dos"));
	explained_free(&explained);
	file = fopen(path, "w");
	fputs("ret_* plain hardened\n", file);
	fclose(file);
	CHECK(explained_read(&explained, path) == EVAL_ENVIRONMENT);
	explained_free(&explained);
	unlink(path);
}

#define TEST(function) { #function, function }
static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	TEST(siphash_of_published_vectors),
	TEST(proofs_depend_on_nonce_and_name),
	TEST(wilson_of_published_values),
	TEST(most_common_value_of_the_standards_example),
	TEST(entropy_of_known_sources),
	TEST(only_the_proof_is_success),
	TEST(stopped_needs_a_defence_that_is_on),
	TEST(first_crash_counts),
	TEST(denied_calls_are_the_filters),
	TEST(ends_without_a_word),
	TEST(benign_twins),
	TEST(hostile_output),
	TEST(streams_keep_the_first_and_the_last),
	TEST(lists_of_attacks),
	TEST(expectations),
	TEST(shares),
	TEST(explanations),
};

int main(void)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		name = tests[i].name;
		failed = false;
		tests[i].run();
		if (!failed)
			printf("ok %s\n", name);
		any |= failed;
	}
	return any;
}
