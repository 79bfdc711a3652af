# SPDX-License-Identifier: BSD-3-Clause
# harnesses/eval: saki-eval, which judges defences by attacks
eval-objs := $(addprefix host/,attacks.o cells.o costs.o defences.o entropy.o explained.o judge.o matrix.o pool.o)
eval-objs += $(addprefix host/,nginx.o presets.o progress.o proof.o signals.o statistics.o stream.o summary.o)
eval-objs += $(addprefix host/,report.o report_json.o report_page.o report_style.o report_text.o)
eval-objs += ../../fuzz/host/json.o $(addprefix ../../plat/run/,fail.o image.o qemu.o tool.o)
tool-saki-eval-y := $(addprefix host/,main.o cmd_judge.o cmd_list.o cmd_matrix.o) $(eval-objs)
tool-saki-eval-libs := -lm

# The judge, the estimates and the reports, without machines; test/eval.test runs it.
tool-saki-eval-test-y := test/eval_test.o $(addprefix host/,attacks.o cells.o defences.o explained.o judge.o)
tool-saki-eval-test-y += $(addprefix host/,pool.o presets.o progress.o proof.o signals.o statistics.o stream.o)
tool-saki-eval-test-y += host/summary.o
tool-saki-eval-test-y += $(addprefix ../../plat/run/,fail.o image.o qemu.o tool.o)
tool-saki-eval-test-libs := -lm
