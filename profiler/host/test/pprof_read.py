# SPDX-License-Identifier: BSD-3-Clause
"""A strict decoder of pprof's profile.proto: unknown fields, wrong wire types and dangling ids are errors."""
import collections

# Message: {field: (kind, repeated)}; a kind is "int", "text" or a message's name.
SCHEMA = {
    "Profile": {1: ("ValueType", True), 2: ("Sample", True), 3: ("Mapping", True), 4: ("Location", True),
                5: ("Function", True), 6: ("text", True), 7: ("int", False), 8: ("int", False), 9: ("int", False),
                10: ("int", False), 11: ("ValueType", False), 12: ("int", False), 13: ("int", True),
                14: ("int", False)},
    "ValueType": {1: ("int", False), 2: ("int", False)},
    "Sample": {1: ("int", True), 2: ("int", True), 3: ("Label", True)},
    "Label": {1: ("int", False), 2: ("int", False), 3: ("int", False), 4: ("int", False)},
    "Mapping": {i: ("int", False) for i in range(1, 11)},
    "Location": {1: ("int", False), 2: ("int", False), 3: ("int", False), 4: ("Line", True), 5: ("int", False)},
    "Line": {1: ("int", False), 2: ("int", False)},
    "Function": {i: ("int", False) for i in range(1, 6)},
}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def decode(data, message):
    fields, at = collections.defaultdict(list), 0
    while at < len(data):
        tag, at = varint(data, at)
        kind, repeated = SCHEMA[message][tag >> 3]
        if tag & 7 == 0:
            assert kind == "int", (message, tag)
            value, at = varint(data, at)
            fields[tag >> 3].append(value)
            continue
        assert tag & 7 == 2, (message, tag)
        size, at = varint(data, at)
        part, at = data[at:at + size], at + size
        assert len(part) == size
        if kind == "int":
            assert repeated
            inner = 0
            while inner < size:
                value, inner = varint(part, inner)
                fields[tag >> 3].append(value)
        else:
            fields[tag >> 3].append(part.decode() if kind == "text" else decode(part, kind))
    for field, values in fields.items():
        assert SCHEMA[message][field][1] or len(values) == 1, (message, field)
    return fields


def self_values(data):
    """Sums of the last value by the innermost function's name."""
    profile, sums = decode(data, "Profile"), collections.Counter()
    strings = profile[6]
    assert strings[0] == ""
    functions = {f[1][0]: strings[f[2][0]] for f in profile[5]}
    mappings = {m[1][0] for m in profile[3]}
    locations = {}
    for location in profile[4]:
        assert location[2][0] in mappings
        locations[location[1][0]] = functions[location[4][0][1][0]]
    for sample in profile[2]:
        assert len(sample[2]) == len(profile[1]) and all(i in locations for i in sample[1])
        sums[locations[sample[1][0]]] += sample[2][-1]
    return dict(sums)
