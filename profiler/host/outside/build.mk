# SPDX-License-Identifier: BSD-3-Clause
# profiler/host/outside: samples of a machine that knows nothing of it, and counts of its instructions.
tool-saki-prof-y += sampler.o gdb_stub.o layout.o guest_memory.o guest_chain.o guest_maps.o
tool-saki-prof-y += outside_stream.o counts.o record.o
tool-saki-prof-gen-y += trace_description.o
