/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An evaluation as a page: one file, which fetches nothing. What comes from machines is printable ASCII by now
 * (judge.c), and escaped here.
 */
#include <string.h>

#include "report.h"
#include "report_style.h"

static void put_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default: fputc(*text >= ' ' && *text <= '~' ? *text : '?', out);
		}
	}
}

/* The letter in a cell: colours alone would not do for everybody. By enum outcome. */
static const char letters[OUTCOMES + 1] = "!Scdf-+E";
static const char *const meanings[OUTCOMES] = {
	"succeeded: the goal was reached, and proved",
	"stopped: a defence that is on reports it",
	"crash that no defence claims (not counted as stopped)",
	"denial of service: hangs, or the machine is gone without a word",
	"failed: came to its end without its goal",
	"not applicable there",
	"benign twin passed",
	"harness error",
};

/* ---- the heat map ---- */

static void put_title(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant, FILE *out)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	struct interval interval = cell_interval(cell);
	enum defence defence = cell_defence(cell);
	const char *why;

	put_escaped(matrix->attacks.list[attack].name, out);
	fprintf(out, " on ");
	put_escaped(matrix->presets.list[preset].name, out);
	fprintf(out, "%s: %s", variant == VARIANT_ADAPTIVE ? " (adaptive)" : "", outcome_names[cell_outcome(cell)]);
	if (cell_outcome(cell) == OUTCOME_STOPPED && defence < DEFENCES)
		fprintf(out, " by %s", defences[defence].name);
	if (cell->trials > 1)
		fprintf(out, "; succeeded in %u of %u, %.1f to %.1f %%", cell->outcomes[OUTCOME_SUCCEEDED],
			cell->trials, interval.low * 100, interval.high * 100);
	fputs("&#10;", out);
	put_escaped(cell_report(cell), out);
	if (matrix_as_expected(matrix, attack, preset, variant))
		return;
	why = matrix_explanation(matrix, attack, preset, variant);
	fprintf(out, "&#10;expected: %s%s", expected_names[matrix_expected(matrix, attack, preset, variant)],
		why ? ". Known: " : "");
	put_escaped(why ? why : "", out);
}

static void put_half(const struct matrix *matrix, size_t attack, size_t preset, enum variant variant, FILE *out)
{
	const struct cell *cell = matrix_cell(matrix, attack, preset, variant);
	const char *frame = matrix_as_expected(matrix, attack, preset, variant) ? "" : " x";

	if (!cell->trials)
		return;
	if (cell_is_mixed(cell))
		fprintf(out, "<i class=\"om%s\" title=\"", frame);
	else
		fprintf(out, "<i class=\"o%d%s\" title=\"", cell_outcome(cell), frame);
	put_title(matrix, attack, preset, variant, out);
	fputs("\">", out);
	if (cell_is_mixed(cell))
		fprintf(out, "%.0f", cell_success_rate(cell) * 100);
	else
		fputc(letters[cell_outcome(cell)], out);
	fputs("</i>", out);
}

/* A wider gap before the next sort of presets. */
static bool begins_sort(const struct matrix *matrix, size_t preset)
{
	return preset && matrix->presets.list[preset].sort != matrix->presets.list[preset - 1].sort;
}

static void put_head(const struct matrix *matrix, FILE *out)
{
	fputs("<thead><tr><th class=\"n\">attack</th>", out);
	for (size_t p = 0; p < matrix->presets.count; p++) {
		fprintf(out, "<th class=\"v%s\"><span>", begins_sort(matrix, p) ? " s" : "");
		put_escaped(matrix->presets.list[p].name, out);
		fputs("</span></th>", out);
	}
	fputs("</tr></thead>\n", out);
}

static void put_row(const struct matrix *matrix, size_t attack, FILE *out)
{
	const struct attack *a = &matrix->attacks.list[attack];
	char names[200];

	defence_names(a->stopped_by, names, sizeof(names));
	fputs("<tr><th class=\"n\" title=\"", out);
	put_escaped(a->about, out);
	fputs("&#10;", out);
	put_escaped(a->primitive, out);
	fputs(", ", out);
	put_escaped(a->knowledge, out);
	fprintf(out, "&#10;%s%s\">", *names ? "should be stopped by: " : "negative control: nothing should stop it",
		names);
	put_escaped(a->name, out);
	fputs(a->stopped_by ? "</th>" : " <em>control</em></th>", out);
	for (size_t p = 0; p < matrix->presets.count; p++) {
		fputs(begins_sort(matrix, p) ? "<td class=\"s\">" : "<td>", out);
		put_half(matrix, attack, p, VARIANT_PLAIN, out);
		put_half(matrix, attack, p, VARIANT_ADAPTIVE, out);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void put_map(const struct matrix *matrix, FILE *out)
{
	const char *family = "";

	fputs("<h2>Attacks and defences</h2>\n<p class=\"legend\">", out);
	for (enum outcome o = 0; o < OUTCOMES; o++)
		if (o != OUTCOME_PASSED)
			fprintf(out, "<span><i class=\"o%d\">%c</i> %s</span> ", o, letters[o], meanings[o]);
	fputs("<span><i class=\"om\">42</i> succeeded in so many of a hundred boots</span> "
	      "<span><i class=\"o2 x\">c</i> framed: not as expected</span></p>\n<p class=\"note\">Where a cell is "
	      "divided, the right part is the adaptive variant, which knows this build's symbols. Point at a cell for "
	      "the line that it is judged by.</p>\n<div class=\"wide\"><table class=\"map\">\n",
	      out);
	put_head(matrix, out);
	for (size_t a = 0; a < matrix->attacks.count; a++) {
		if (strcmp(family, matrix->attacks.list[a].family)) {
			fprintf(out, "<tr class=\"f\"><th colspan=\"%zu\">", matrix->presets.count + 1);
			put_escaped(matrix->attacks.list[a].family, out);
			fputs("</th></tr>\n", out);
		}
		family = matrix->attacks.list[a].family;
		put_row(matrix, a, out);
	}
	fputs("</table></div>\n", out);
}

/* ---- tables ---- */

static void put_share(struct share share, FILE *out)
{
	if (!share.of)
		fputs("<td class=\"r\">&ndash;</td>", out);
	else
		fprintf(out, "<td class=\"r\">%.0f&nbsp;%% <small>%u/%u</small></td>", 100.0 * share.count / share.of,
			share.count, share.of);
}

static void put_sum(const char *what, struct share share, FILE *out)
{
	if (!share.of)
		return;
	fprintf(out, "<tr><td>%s</td>", what);
	put_share(share, out);
	fputs("</tr>\n", out);
}

static void put_summary(const struct matrix *matrix, FILE *out)
{
	struct summary s = matrix_summary(matrix);

	fputs("<table>\n", out);
	put_sum("Without defences, applicable attacks succeed", s.none, out);
	put_sum("Hardened: stopped and reported, of what a reporting defence should stop", s.stopped, out);
	put_sum("&emsp;adaptive variants", s.stopped_adaptive, out);
	put_sum("Hardened: does not succeed, of what any defence should stop", s.held, out);
	put_sum("&emsp;adaptive variants", s.held_adaptive, out);
	put_sum("Hardened: negative controls succeed, as they should", s.controls, out);
	put_sum("Benign twins pass, everywhere", s.benign, out);
	put_sum("Attacks on a defence show their primitive where it is on", s.aimed, out);
	fprintf(out,
		"<tr><td>Not as expected: explained / unexplained / harness errors</td><td class=\"r\">%u / %u / "
		"%u</td></tr>\n</table>\n",
		s.explained, s.unexpected, s.errors);
}

static void put_families(const struct matrix *matrix, FILE *out)
{
	struct family families[ATTACKS_MAX];
	size_t count = matrix_families(matrix, families, ATTACKS_MAX);

	fputs("<h2>Families</h2>\n<table><tr><th>family</th><th>succeed on none</th><th>stopped on hardened</th>"
	      "<th>not succeeding on hardened</th></tr>\n",
	      out);
	for (size_t i = 0; i < count; i++) {
		fputs("<tr><td>", out);
		put_escaped(families[i].name, out);
		fputs("</td>", out);
		put_share(families[i].none, out);
		put_share(families[i].stopped, out);
		put_share(families[i].held, out);
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void put_defences(const struct matrix *matrix, FILE *out)
{
	fputs("<h2>Defences</h2>\n<p class=\"note\">Of the attacks that name it: what it stops where it is the only "
	      "defence, and what succeeds where it is the only one missing.</p>\n<table><tr><th>defence</th><th></th>"
	      "<th>stopped alone</th><th>not succeeding alone</th><th>succeed without it</th></tr>\n",
	      out);
	for (enum defence d = 0; d < DEFENCES; d++) {
		struct by_defence by = matrix_by_defence(matrix, d);

		fprintf(out, "<tr><td>%s</td><td>%s%s</td>", defences[d].name, defences[d].about,
			defences[d].reports ? "" : " <em>silent</em>");
		put_share(defences[d].reports ? by.stopped : (struct share){ 0 }, out);
		put_share(by.held, out);
		put_share(by.missed, out);
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void put_entropy(const struct regions *regions, FILE *out)
{
	double limit = regions->count ? regions->list[0].entropy.limit_bits - 2 : 0;

	fprintf(out,
		"<h2>Entropy</h2>\n<p class=\"note\">%u boots of preset %s. Bits by pairs of boots with equal values, "
		"where there are any, and at least (95 %%); min-entropy at least, by the "
		"commonest value, NIST SP 800-90B 6.3.1, which so "
		"many boots cannot show to be more than about %.0f.</p>\n<table><tr><th>region</th><th>bits</th>"
		"<th>at least</th><th>min-entropy</th><th>reachable values</th><th>different</th></tr>\n",
		regions->boots, regions->preset, limit > 0 ? limit : 0);
	for (size_t i = 0; i < regions->count; i++) {
		const struct region *r = &regions->list[i];

		fputs("<tr><td>", out);
		put_escaped(r->name, out);
		fputs("</td><td class=\"r\">", out);
		if (r->entropy.pairs)
			fprintf(out, "%.1f", r->entropy.collision_bits);
		fprintf(out, "</td><td class=\"r\">%.1f</td><td class=\"r\">%.1f</td><td class=\"r\">",
			r->entropy.collision_least_bits, r->entropy.mcv_bits);
		if (r->reachable)
			fprintf(out, "2<sup>%.1f</sup>", r->reachable_bits);
		else
			fputs("&ndash;", out);
		fprintf(out, "</td><td class=\"r\">%zu of %zu</td></tr>\n", r->entropy.different, r->entropy.samples);
	}
	fputs("</table>\n", out);
}

static void put_cost(const struct report *report, size_t preset, FILE *out)
{
	const struct preset *p = &report->matrix->presets.list[preset], *base = &report->matrix->presets.list[0];
	const struct costs *c = report->costs ? &report->costs[preset] : NULL;

	fputs("<tr><td>", out);
	put_escaped(p->name, out);
	fprintf(out, "</td><td class=\"r\">%llu</td><td class=\"r\">%+.1f&nbsp;%%</td>",
		(unsigned long long)(p->text_bytes >> 10),
		base->text_bytes ? 100.0 * ((double)p->text_bytes / (double)base->text_bytes - 1) : 0);
	if (c)
		fprintf(out,
			"<td class=\"r\">%.1f</td><td class=\"r\">%.2f</td><td class=\"r\">%.1f</td>"
			"<td class=\"r\">%.0f</td><td class=\"r\">%.0f</td>",
			c->boot_ms, (double)c->boot_instructions / 1e6, c->syscall_instructions, c->syscalls_per_s,
			c->requests_per_s);
	fputs("</tr>\n", out);
}

static void put_costs(const struct report *report, FILE *out)
{
	fputs("<h2>Costs</h2>\n<table><tr><th>preset</th><th>text, KiB</th><th></th>", out);
	if (report->costs)
		fputs("<th>boot, ms</th><th>boot, 10<sup>6</sup> instructions</th><th>instructions of a call</th>"
		      "<th>calls/s</th><th>nginx, requests/s</th>",
		      out);
	fputs("</tr>\n", out);
	for (size_t p = 0; p < report->matrix->presets.count; p++)
		if (report->matrix->presets.list[p].image)
			put_cost(report, p, out);
	fputs("</table>\n", out);
}

static void put_exceptions(const struct matrix *matrix, FILE *out)
{
	bool any = false;

	fputs("<h2>Exceptions</h2>\n", out);
	for (size_t a = 0; a < matrix->attacks.count; a++)
		for (size_t p = 0; p < matrix->presets.count; p++)
			for (enum variant v = 0; v < VARIANTS; v++) {
				const struct cell *cell = matrix_cell(matrix, a, p, v);
				const char *why = matrix_explanation(matrix, a, p, v);

				if (matrix_as_expected(matrix, a, p, v))
					continue;
				if (!any)
					fputs("<table><tr><th>attack</th><th>preset</th><th>was</th><th>expected</th>"
					      "<th>report, and why</th></tr>\n",
					      out);
				any = true;
				fprintf(out, "<tr><td>%s, %s</td><td>%s</td><td>%s%s</td><td>%s</td><td><code>",
					matrix->attacks.list[a].name, variant_names[v], matrix->presets.list[p].name,
					cell_is_mixed(cell) ? "at times " : "", outcome_names[cell_outcome(cell)],
					expected_names[matrix_expected(matrix, a, p, v)]);
				put_escaped(cell_report(cell), out);
				fputs("</code> ", out);
				put_escaped(why ? why : "", out);
				fputs("</td></tr>\n", out);
			}
	fputs(any ? "</table>\n" : "<p>None: all is as the attacks' descriptions say.</p>\n", out);
}

void report_page(const struct report *report, FILE *out)
{
	const struct matrix *matrix = report->matrix;

	fputs(report_head, out);
	fprintf(out, "<p class=\"note\">%zu attacks, %zu presets, %llu boots in %.0f s.</p>\n", matrix->attacks.count,
		matrix->presets.count, (unsigned long long)matrix->boots, matrix->seconds);
	put_summary(matrix, out);
	fputs(report_threat_model, out);
	put_map(matrix, out);
	put_families(matrix, out);
	put_defences(matrix, out);
	if (report->regions)
		put_entropy(report->regions, out);
	put_costs(report, out);
	put_exceptions(matrix, out);
	fputs("</main></body></html>\n", out);
}
