/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See program_c.h. What a call needs in memory is what program_place() says, as in the harness; references to earlier
 * results become variables.
 */
#include <fuzz/abi/program_place.h>
#include <fuzz/host/program_c.h>
#include <fuzz/host/program_text.h>
#include <inttypes.h>
#include <stdlib.h>

static const char prologue[] =
	"#define _GNU_SOURCE\n"
	"#include <errno.h>\n#include <fcntl.h>\n#include <setjmp.h>\n#include <signal.h>\n#include <stdio.h>\n"
	"#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n"
	"#include <sys/stat.h>\n#include <unistd.h>\n\n"
	"static unsigned long r[%u];	/* results that later calls use */\n"
	"static sigjmp_buf fault;\n\n"
	"static void on_fault(int signal)\n{\n\t(void)signal;\n\tsiglongjmp(fault, 1);\n}\n\n"
	"/* A call may have taken the memory away: then nothing is put there. */\n"
	"__attribute__((unused)) static void put(unsigned long address, const void *data, unsigned long len)\n{\n"
	"\tif (!sigsetjmp(fault, 1))\n\t\tmemcpy((void *)address, data, len);\n}\n\n"
	"__attribute__((unused)) static void fill(unsigned long address, int byte, unsigned long len)\n{\n"
	"\tif (!sigsetjmp(fault, 1))\n\t\tmemset((void *)address, byte, len);\n}\n\n"
	"__attribute__((unused)) static unsigned long get(long result, unsigned long address, unsigned long len)\n{\n"
	"\tunsigned long value = 0;\n\n\tif (result < 0 || sigsetjmp(fault, 1))\n\t\treturn -1;\n"
	"\tmemcpy(&value, (void *)address, len);\n\treturn value;\n}\n\n"
	"static long call(const char *text, long number, long a, long b, long c, long d, long e, long f)\n{\n"
	"\tlong result = syscall(number, a, b, c, d, e, f);\n\n"
	"\tif (result == -1)\n\t\tresult = -errno;\n"
	"\tfprintf(stderr, \"%%s = %%ld%%s%%s\\n\", text, result, result < 0 ? \" \" : \"\",\n"
	"\t\tresult < 0 && result >= -4095 ? strerror(-result) : \"\");\n\treturn result;\n}\n\n"
	"static void make_file(const char *name, size_t size)\n{\n"
	"\tint fd = open(name, O_RDWR | O_CREAT, 0644);\n\n"
	"\tfor (size_t done = 0; done < size; done += %zu)\n"
	"\t\tif (write(fd, line, %zu) < 0)\n\t\t\texit(2);\n\tclose(fd);\n}\n\n";

static const char opening[] =
	"int main(void)\n{\n\tchar folder[] = \"/tmp/program-XXXXXX\";\n"
	"\tstruct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };\n\tlong result;\n\n"
	"\tif (!mkdtemp(folder) || chdir(folder))\n\t\treturn 2;\n"
	"\tmake_file(\"f0\", 64);\n\tmake_file(\"f1\", 0);\n"
	"\tif (mkdir(\"d0\", 0755) || symlink(\"f0\", \"l0\") || symlink(\"d0\", \"l1\") || symlink(\"l2\", \"l2\"))\n"
	"\t\treturn 2;\n"
	"\tmake_file(\"d0/f2\", 8192);\n"
	"\tif (mmap((void *)%#" PRIx64 ", %#" PRIx64 ", PROT_READ | PROT_WRITE,\n"
	"\t\t MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)\n\t\treturn 2;\n"
	"\tsigaction(SIGSEGV, &action, NULL);\n\tsigaction(SIGBUS, &action, NULL);\n\n";

/* References in memory, filled in after the bytes around them. */
struct patch {
	uint64_t address;
	unsigned resource, size;
};

struct c_writer {
	FILE *out;
	unsigned patch_count;
	struct patch patches[PROGRAM_NODES_MAX];
};

static void write_string(FILE *out, const uint8_t *data, size_t len)
{
	fputs("\n\t    \"", out);
	for (size_t i = 0; i < len; i++) {
		if (data[i] >= 32 && data[i] < 127 && data[i] != '"' && data[i] != '\\' && data[i] != '?')
			putc(data[i], out);
		else
			fprintf(out, "\\%03o", data[i]);
		if (i % 64 == 63 && i + 1 < len)
			fputs("\"\n\t    \"", out);
	}
	putc('"', out);
}

static void write_bytes(void *context, uint64_t address, const void *data, size_t len)
{
	struct c_writer *writer = context;

	fprintf(writer->out, "\tput(%#" PRIx64 ",", address);
	write_string(writer->out, data, len);
	fprintf(writer->out, ", %zu);\n", len);
}

static void write_fill(void *context, uint64_t address, uint8_t byte, size_t len)
{
	fprintf(((struct c_writer *)context)->out, "\tfill(%#" PRIx64 ", %#x, %zu);\n", address, byte, len);
}

static uint64_t note_resource(void *context, unsigned index, uint64_t address, unsigned size)
{
	struct c_writer *writer = context;

	if (address && writer->patch_count < PROGRAM_NODES_MAX)
		writer->patches[writer->patch_count++] = (struct patch){ address, index, size };
	return 0;
}

static const char *cast_of(const struct desc_type *type)
{
	if (type->size == 4)
		return type->flags & DESC_SIGNED ? "(int)" : "(unsigned)";
	if (type->size == 2)
		return type->flags & DESC_SIGNED ? "(short)" : "(unsigned short)";
	return "";
}

static void write_args(FILE *out, const struct program *program, const struct program_call *call, const uint64_t *args)
{
	const struct program_node *node = &program->nodes[call->node];

	for (unsigned i = 0; i < DESC_ARGS_MAX; i++) {
		if (i < call->desc->arg_count && node->form == PROGRAM_REF)
			fprintf(out, ", %sr[%" PRIu64 "]", cast_of(node->type), node->value);
		else
			fprintf(out, args[i] > 9 ? ", %#" PRIx64 : ", %" PRIu64, args[i]);
		if (i < call->desc->arg_count)
			node += node->span;
	}
}

/* The call as text, to be freed; NULL without memory. */
static char *call_text(const struct program *program, unsigned index, size_t *len)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, len);

	if (!stream)
		return NULL;
	program_print_call(stream, program, index);
	return fclose(stream) ? free(text), NULL : text;
}

/* The call as a string literal. */
static void write_quoted_call(FILE *out, const struct program *program, unsigned index)
{
	size_t len = 0;
	char *text = call_text(program, index, &len);

	putc('"', out);
	for (size_t i = 0; text && i < len && i < 200; i++) {
		if (text[i] == '"' || text[i] == '\\')
			putc('\\', out);
		if (text[i] == '?' && i && text[i - 1] == '?')
			putc('\\', out);
		putc(text[i], out);
	}
	fputs(len > 200 ? "...\"" : "\"", out);
	free(text);
}

/* The call as a line of a comment, which no byte of it ends. */
static void write_comment(FILE *out, const struct program *program, unsigned index)
{
	size_t len = 0;
	char *text = call_text(program, index, &len);

	for (size_t i = 0; text && i < len; i++)
		putc(text[i] == '/' && i && text[i - 1] == '*' ? '|' : text[i], out);
	putc('\n', out);
	free(text);
}

static void write_call(struct c_writer *writer, const struct program *program, unsigned index)
{
	const struct program_sink sink = { writer, write_bytes, write_fill, note_resource };
	const struct program_call *call = &program->calls[index];
	static struct program_placement placement;
	FILE *out = writer->out;

	writer->patch_count = 0;
	program_place(program, index, &sink, &placement);
	for (unsigned i = 0; i < writer->patch_count; i++)
		fprintf(out, "\tput(%#" PRIx64 ", &r[%u], %u);\n", writer->patches[i].address,
			writer->patches[i].resource, writer->patches[i].size);
	fputs("\tresult = call(", out);
	write_quoted_call(out, program, index);
	fprintf(out, ",\n\t\t      %u", call->desc->number);
	write_args(out, program, call, placement.args);
	fputs(");\n", out);
	for (unsigned i = 0; i < call->resource_count; i++) {
		const struct program_resource *resource = &program->resources[call->resource + i];
		unsigned n = call->resource + i;

		if (resource->arg < 0)
			fprintf(out, "\tr[%u] = result < 0 && result >= -4095 ? -1 : result;\n", n);
		else
			fprintf(out, "\tr[%u] = get(result, %#" PRIx64 ", %u);\n", n,
				program_resource_address(&placement, resource), resource->kind->size);
	}
	fputs("\t(void)result;\n\n", out);
}

void program_write_c(FILE *out, const struct program *program)
{
	static struct c_writer writer;

	writer.out = out;
	if (program->thread_count) {
		fputs("/*\n * No program for Linux: threads take turns in this one, as written here.\n *\n", out);
		for (unsigned i = 0; i < program->call_count; i++) {
			fputs(" *\t", out);
			write_comment(out, program, i);
		}
		fputs(" */\n", out);
		return;
	}
	fprintf(out,
		"/*\n * The same system calls on Linux: cc -o reproducer reproducer.c && unshare -Urmpf ./reproducer\n"
		" * They may signal processes and change files: run them where that does no harm.\n */\n");
	fprintf(out, "static const char line[] =");
	write_string(out, (const uint8_t *)PROGRAM_FIXTURE_LINE, sizeof(PROGRAM_FIXTURE_LINE) - 1);
	fprintf(out, ";\n\n");
	fprintf(out, prologue, program->resource_count ? program->resource_count : 1, sizeof(PROGRAM_FIXTURE_LINE) - 1,
		sizeof(PROGRAM_FIXTURE_LINE) - 1);
	fprintf(out, opening, PROGRAM_ARENA, PROGRAM_ARENA_SIZE);
	for (unsigned i = 0; i < program->call_count; i++)
		write_call(&writer, program, i);
	fputs("\treturn 0;\n}\n", out);
}
