# SPDX-License-Identifier: BSD-3-Clause
"""No header includes itself, by whatever way round."""


def find(tree):
    graph = {h: [r for _, r in tree.includes(h) if r in tree.present] for h in tree.sources(".h")}
    state = {}

    def visit(header, path):
        state[header] = "open"
        for target in graph.get(header, ()):
            if state.get(target) == "open":
                cycle = path[path.index(target):] + [target]
                yield "cycle: " + " -> ".join(cycle)
            elif target not in state:
                yield from visit(target, path + [target])
        state[header] = "done"

    for header in sorted(graph):
        if header not in state:
            yield from visit(header, [header])
