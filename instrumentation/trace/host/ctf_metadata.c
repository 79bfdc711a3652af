/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CTF's metadata: what the events of a recording look like. See ctf.h.
 */
#include <kernel/syscall_desc.h>

#include "ctf.h"

static const char head[] = "/* CTF 1.8 */\n"
			   "\n"
			   "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
			   "typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
			   "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
			   "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
			   "typealias integer { size = 64; align = 8; signed = true; } := int64_t;\n"
			   "typealias integer { size = 64; align = 8; signed = false; base = 16; } := hex64_t;\n"
			   "\n"
			   "trace {\n"
			   "	major = 1;\n"
			   "	minor = 8;\n"
			   "	byte_order = le;\n"
			   "	packet.header := struct {\n"
			   "		uint32_t magic;\n"
			   "		uint32_t stream_id;\n"
			   "	};\n"
			   "};\n"
			   "\n"
			   "env {\n"
			   "	domain = \"kernel\";\n"
			   "	sysname = \"Saki\";\n"
			   "	tracer_name = \"saki-trace\";\n"
			   "	tracer_major = 1;\n"
			   "	tracer_minor = 0;\n";

static const char stream_text[] =
	"typealias integer { size = 64; align = 8; signed = false; map = clock.boot.value; } := timestamp_t;\n"
	"\n"
	"stream {\n"
	"	id = 0;\n"
	"	packet.context := struct {\n"
	"		timestamp_t timestamp_begin;\n"
	"		timestamp_t timestamp_end;\n"
	"		uint64_t content_size;\n"
	"		uint64_t packet_size;\n"
	"		uint64_t events_discarded;\n"
	"		uint32_t cpu_id;\n"
	"	};\n"
	"	event.header := struct {\n"
	"		uint16_t id;\n"
	"		timestamp_t timestamp;\n"
	"	};\n"
	"	event.context := struct {\n"
	"		uint32_t _tid;\n"
	"		uint8_t __callstack_kernel_length;\n"
	"		hex64_t _callstack_kernel[__callstack_kernel_length];\n"
	"		uint8_t __callstack_user_length;\n"
	"		hex64_t _callstack_user[__callstack_user_length];\n"
	"	};\n"
	"};\n"
	"\n";

static void print_calls(FILE *out)
{
	const char *comma = "";

	fputs("enum system_call : uint64_t {\n", out);
	for (size_t i = 0; i < desc_call_count; i++) {
		if (desc_calls[i].variant)
			continue;
		fprintf(out, "%s\t\"%s\" = %u", comma, desc_calls[i].name, desc_calls[i].number);
		comma = ",\n";
	}
	fputs("\n};\n\n", out);
}

static void print_arg(FILE *out, const struct stream_arg *arg)
{
	static const char *const types[] = {
		[STREAM_U64] = "uint64_t", [STREAM_S64] = "int64_t",         [STREAM_HEX] = "hex64_t",
		[STREAM_PTR] = "hex64_t",  [STREAM_UPTR] = "hex64_t",        [STREAM_THREAD] = "uint64_t",
		[STREAM_NS] = "uint64_t",  [STREAM_CALL] = "enum system_call", [STREAM_RESULT] = "int64_t",
		[STREAM_STR] = "string",
	};

	fputs("\t\t", out);
	if (arg->value_count) {
		fputs("enum : uint64_t { ", out);
		for (size_t i = 0; i < arg->value_count; i++)
			fprintf(out, "%s\"%s\" = %zu", i ? ", " : "", arg->values[i], i);
		fputs(" }", out);
	} else {
		fputs(types[arg->type], out);
	}
	fprintf(out, " _%s;\n", arg->name);
	if (arg->type == STREAM_PTR)
		fprintf(out, "\t\tstring _%s_symbol;\n", arg->name);
}

static void print_event(FILE *out, const struct stream_event *event)
{
	fprintf(out, "event {\n\tname = \"%s:%s\";\n\tid = %u;\n\tstream_id = 0;\n\tfields := struct {\n", event->group,
		event->name, event->number);
	for (size_t i = 0; i < event->arg_count; i++)
		print_arg(out, &event->args[i]);
	fputs("\t};\n};\n\n", out);
}

void ctf_metadata(FILE *out, const struct recording *recording)
{
	const struct trace_area *area = stream_area(recording->stream);
	const struct stream_events *events = stream_events(recording->stream);

	fputs(head, out);
	if (area->build_id_size && area->build_id_size <= TRACE_BUILD_ID_MAX) {
		fputs("\tbuild_id = \"", out);
		for (size_t i = 0; i < area->build_id_size; i++)
			fprintf(out, "%02x", area->build_id[i]);
		fputs("\";\n", out);
	}
	fprintf(out, "};\n\nclock {\n\tname = \"boot\";\n\tdescription = \"%s\";\n\tfreq = 1000000000;\n",
		area->boot_time_ns ? "nanoseconds since the kernel's start, which is at the offset"
				   : "nanoseconds since the kernel's start");
	fprintf(out, "\toffset_s = %llu;\n\toffset = %llu;\n};\n\n",
		(unsigned long long)(area->boot_time_ns / 1000000000),
		(unsigned long long)(area->boot_time_ns % 1000000000));
	fputs(stream_text, out);
	print_calls(out);
	for (size_t i = 0; i < events->count; i++)
		print_event(out, &events->list[i]);
}
