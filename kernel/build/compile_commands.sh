#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Joins what clang recorded of each compilation (-MJ) in all built images and programs into compile_commands.json.
set -eu
{
	echo '['
	find "${O:-build}" -name '*.o.json' | sort | xargs cat | sed '$s/,$//'
	echo ']'
} >compile_commands.json.new
mv compile_commands.json.new compile_commands.json
