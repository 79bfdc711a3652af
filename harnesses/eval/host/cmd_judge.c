/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saki eval judge FILE: judges what a machine has said, from a file. The way in for tests of the judge, and for whoever
 * wants to know why a machine was judged as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <fuzz/host/json.h>
#include <plat/run/image.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eval.h"
#include "judge.h"
#include "stream.h"

static int parse_end(const char *text, struct evidence *evidence)
{
	if (!text || sscanf(text, "exit:%d", &evidence->status) == 1)
		evidence->end = END_STATUS;
	else if (!strcmp(text, "gone"))
		evidence->end = END_GONE;
	else if (!strcmp(text, "limit"))
		evidence->end = END_LIMIT;
	else
		return run_fail(EVAL_USAGE, "--end %.40s: exit:N, gone or limit", text);
	return 0;
}

static int parse_question(const struct eval_options *o, struct question *question)
{
	*question = (struct question){ .attack = o->attack, .nonce = o->nonce };
	if (!o->attack)
		return run_fail(EVAL_USAGE, "judge: which --attack?");
	while (o->variant && question->variant < VARIANTS && strcmp(o->variant, variant_names[question->variant]))
		question->variant++;
	if (question->variant == VARIANTS)
		return run_fail(EVAL_USAGE, "--variant %.40s: plain, benign or adaptive", o->variant);
	if ((o->on && !defence_parse_set(o->on, &question->on)) ||
	    (o->stopped_by && !defence_parse_set(o->stopped_by, &question->stopped_by)))
		return run_fail(EVAL_USAGE, "--on, --stopped-by: not a defence among these; see: saki eval list");
	return 0;
}

int cmd_judge(const struct eval_options *o)
{
	struct evidence evidence = { 0 };
	struct stream stream = { .fd = -1 };
	struct json json = { .out = stdout };
	struct question question;
	struct verdict verdict;
	int status = parse_question(o, &question), unused = -1, file;

	if (!status)
		status = parse_end(o->end, &evidence);
	if (status)
		return status;
	file = open(o->words[0], O_RDONLY | O_CLOEXEC);
	if (file < 0 || stream_open(&stream, &unused))
		return run_fail(EVAL_ENVIRONMENT, "%s: %s", o->words[0], strerror(errno));
	/* The same bounds as a machine's. */
	close(unused);
	dup3(file, stream.fd, O_CLOEXEC);
	close(file);
	stream_read_to_end(&stream);
	evidence.text = stream.text;
	judge(&question, &evidence, &verdict);
	json_open(&json, NULL, '{');
	json_string(&json, "outcome", outcome_names[verdict.outcome]);
	json_string(&json, "defence", verdict.defence < DEFENCES ? defences[verdict.defence].name : NULL);
	json_bool(&json, "primitive", verdict.primitive);
	json_string(&json, "report", verdict.report);
	json_close(&json, '}');
	putchar('\n');
	stream_close(&stream);
	return 0;
}
