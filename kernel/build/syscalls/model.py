# SPDX-License-Identifier: BSD-3-Clause
"""What a description consists of, and the errors of whoever wrote it."""

# C type -> size in bytes, signed
CTYPES = {
    "int": (4, True), "unsigned": (4, False), "size_t": (8, False),
    "uint8_t": (1, False), "uint16_t": (2, False), "uint32_t": (4, False), "uint64_t": (8, False),
    "int16_t": (2, True), "int32_t": (4, True), "int64_t": (8, True), "off_t": (8, True),
    "user_ptr_t": (8, False),
}


class Error(Exception):
    def __init__(self, path, line, message):
        super().__init__(f"{path}:{line}: {message}")


class Type:
    """One struct desc_type. kind and flags carry the C names without DESC_."""

    def __init__(self, kind, name=None, ctype=None, **more):
        self.kind, self.name, self.ctype = kind, name, ctype
        self.size, signed = CTYPES[ctype] if ctype else (0, False)
        self.align = self.size or 1
        self.flags = {"SIGNED"} if signed else set()
        self.direction = None    # pointers: IN, OUT, INOUT
        self.unit = "ELEMENTS"
        self.length = -1
        self.sibling = None      # the name behind length, until it is resolved
        self.min = self.max = 0
        self.values = []         # (name, number)
        self.resource = None
        self.target = None
        self.fields = []
        self.__dict__.update(more)

    def copy(self, **more):
        new = Type.__new__(Type)
        new.__dict__.update(self.__dict__)
        new.flags = set(self.flags)
        new.__dict__.update(more)
        return new


class Resource:
    def __init__(self, name, parent, ctype, specials):
        self.name, self.parent, self.ctype, self.specials = name, parent, ctype, specials


class Field:
    """An argument or a member: a value of a type under a name."""

    def __init__(self, name, kind, offset=0):
        self.name, self.type, self.offset = name, kind, offset


class Types:
    """All that types.def defines."""

    def __init__(self):
        self.named = {}          # name -> Type
        self.resources = {}      # name -> Resource, in order
        self.constants = {}      # name -> number
        self.strings = {}        # name -> [text]


class Row:
    """One row of the table."""

    def __init__(self, name, number, variant, arm64):
        self.name, self.number, self.variant, self.arm64 = name, number, variant, arm64
        self.plain = name.split("$")[0]
        self.args, self.result, self.text = [], None, ""
        self.flags = {"HOST", "VM"}
        self.source, self.active = None, False


def resolve_siblings(fields, fail):
    """Turns names of siblings into indices: of an array's length, and of what a length measures."""
    index = {field.name: i for i, field in enumerate(fields)}
    for i, field in enumerate(fields):
        target = field.type.target if field.type.kind == "POINTER" else field.type
        if target is None or target.sibling is None:
            continue
        if target.sibling not in index:
            fail(f"{field.name}: there is no {target.sibling} beside it")
        other = index[target.sibling]
        if field.type.kind == "LENGTH":
            field.type = field.type.copy(length=other, sibling=None)
            continue
        field.type = field.type.copy(target=target.copy(length=other, sibling=None))
        length = fields[other].type
        if length.kind == "INT":
            fields[other].type = length.copy(kind="LENGTH", length=i)
        elif length.kind != "LENGTH":
            fail(f"{target.sibling} is no number, so it cannot be the length of {field.name}")
