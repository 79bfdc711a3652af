# SPDX-License-Identifier: BSD-3-Clause
"""Reads types.def, and the type expressions that it shares with syscalls.tbl."""
import re

from model import CTYPES, Error, Field, Resource, Type, Types, resolve_siblings

NAME = re.compile(r"[A-Za-z_]\w*")
TOKEN = re.compile(r"\s*([A-Za-z_]\w*|-?\d\w*|\.\.|[(){}\[\]|?])")


def number(text, types):
    """A number, a known constant, or an OR of them; None when it is neither."""
    value = 0
    for part in text.split("|"):
        if part in types.constants:
            value |= types.constants[part]
            continue
        try:
            octal = re.fullmatch(r"0\d+", part)
            value |= int(part, 8) if octal else int(part, 0)
        except ValueError:
            return None
    return value


class Parser:
    """One type expression."""

    def __init__(self, text, types, fail):
        self.text, self.types, self.fail, self.at = text, types, fail, 0

    def peek(self):
        found = TOKEN.match(self.text, self.at)
        return found.group(1) if found else None

    def take(self, expected=None):
        found = TOKEN.match(self.text, self.at)
        if not found or (expected and found.group(1) != expected):
            self.fail(f"'{self.text}': expected {expected or 'more'} at '{self.text[self.at:]}'")
        self.at = found.end()
        return found.group(1)

    def accept(self, token):
        if self.peek() != token:
            return False
        self.take()
        return True

    def whole(self):
        result = self.type()
        if self.at != len(self.text):
            self.fail(f"'{self.text}': '{self.text[self.at:]}' is not understood")
        return result

    def type(self):
        word = self.take()
        if word in ("in", "out", "inout"):
            return self.pointer(word)
        if word in ("path", "string"):
            return self.string(word)
        if word == "const":
            return self.const()
        if word == "sizeof":
            self.take("(")
            result = Type("LENGTH", ctype="size_t", unit="SIZE", sibling=self.take())
            self.take(")")
            return result
        if word == "ignored":
            result = Type("INT", ctype="uint64_t")
            result.flags |= {"IGNORED"}
            return result
        if word == "struct":
            word = self.take()
        result = Type("BYTES") if word == "bytes" else self.named(word)
        return self.array(result) if self.peek() == "[" else self.whole_bytes(result)

    def whole_bytes(self, result):
        if result.kind == "BYTES":
            self.fail(f"'{self.text}': bytes needs a length")
        return result

    def named(self, word):
        if word not in self.types.named:
            self.fail(f"'{self.text}': there is no type {word}")
        result = self.types.named[word]
        if self.accept("("):
            low = self.value()
            self.take("..")
            result = result.copy(min=low, max=self.value())
            self.take(")")
        while result.kind == "RESOURCE" and self.accept("|"):
            name = self.take()
            result = result.copy(values=result.values + [(name, self.constant(name))])
        return result

    def constant(self, text):
        value = number(text, self.types)
        if value is None:
            self.fail(f"'{self.text}': there is no constant {text}")
        return value

    def value(self):
        return self.constant(self.take())

    def array(self, element):
        self.take("[")
        count = self.value()
        self.take("]")
        if count < 1:
            self.fail(f"'{self.text}': an array of {count}")
        if element.kind == "BYTES":
            return element.copy(min=count, max=count, size=count)
        return Type("ARRAY", target=element, min=count, max=count, size=element.size * count, align=element.align)

    def pointer(self, word):
        result = Type("POINTER", ctype="user_ptr_t", direction=word.upper())
        if self.accept("?"):
            result.flags.add("OPTIONAL")
        sibling = None
        if self.accept("["):
            sibling = self.take()
            self.take("]")
        if self.accept("{"):
            target = self.type()
            self.take("}")
            if sibling:
                target = Type("ARRAY", target=target, align=target.align)
        elif sibling:
            target = Type("BYTES")
        else:
            self.fail(f"'{self.text}': a pointer to what?")
        result.target = target.copy(sibling=sibling) if sibling else target
        return result

    def string(self, word):
        target = Type(word.upper())
        if word == "string" and self.accept("("):
            name = self.take()
            if name not in self.types.strings:
                self.fail(f"'{self.text}': there are no strings {name}")
            target.values = [(text, 0) for text in self.types.strings[name]]
            self.take(")")
        result = Type("POINTER", ctype="user_ptr_t", direction="IN", target=target)
        if self.accept("?"):
            result.flags.add("OPTIONAL")
        return result

    def const(self):
        self.take("(")
        text = self.take()
        while self.accept("|"):
            text += "|" + self.take()
        self.take(")")
        return Type("CONST", ctype="uint64_t", values=[(text, self.constant(text))])


def parse_fields(words, types, fail):
    """FIELD:TYPE words as Fields, siblings resolved."""
    fields = []
    for word in words:
        name, colon, text = word.partition(":")
        if not colon or not NAME.fullmatch(name):
            fail(f"'{word}' is not NAME:TYPE")
        if name in {field.name for field in fields}:
            fail(f"{name} is there twice")
        fields.append(Field(name, Parser(text, types, fail).whole()))
    resolve_siblings(fields, fail)
    return fields


def lay_out(kind, name, fields, packed):
    """A struct or union with C's offsets."""
    end, align = 0, 1
    for field in fields:
        step = 1 if packed else field.type.align
        align = max(align, step)
        field.offset = 0 if kind == "UNION" else -(-end // step) * step
        end = max(end, field.offset + field.type.size)
    return Type(kind, name=name, fields=fields, size=-(-end // align) * align, align=align)


class Reader:
    """types.def, block by block."""

    def __init__(self, path):
        self.path, self.line, self.types = path, 0, Types()

    def fail(self, message):
        raise Error(self.path, self.line, message)

    def blocks(self):
        """(line, words of the head, words of the body)"""
        blocks = []
        with open(self.path, encoding="utf-8") as text:
            for self.line, line in enumerate(text, 1):
                words = re.findall(r'"[^"]*"|\S+', line.split("#")[0])
                if not words:
                    continue
                if not line[0].isspace():
                    blocks.append((self.line, words, []))
                elif blocks:
                    blocks[-1][2].extend(words)
                else:
                    self.fail("an indented line without a block")
        return blocks

    def read(self):
        for self.line, head, body in self.blocks():
            keyword, name = head[0], head[1] if len(head) > 1 else self.fail("a name is missing")
            handler = getattr(self, "read_" + keyword, None)
            if not handler:
                self.fail(f"'{keyword}' is no kind of block")
            if name in self.types.named or name in self.types.strings:
                self.fail(f"{name} is there twice")
            if body and keyword in ("scalar", "resource"):
                self.fail(f"{keyword} takes no block")
            handler(name, head[2:], body)
        return self.types

    def ctype(self, words):
        if not words or words[0] not in CTYPES:
            self.fail("a C type is missing; there are " + " ".join(CTYPES))
        return words[0]

    def read_scalar(self, name, head, _body):
        result = Type("INT", name=name, ctype=self.ctype(head))
        for word in head[1:]:
            low, dots, high = word.partition("..")
            if word in ("hex", "octal", "machine"):
                result.flags.add(word.upper())
            elif dots:
                result.min, result.max = self.number(low), self.number(high)
            else:
                self.fail(f"'{word}' is no hint")
        self.types.named[name] = result

    def number(self, text):
        value = number(text, self.types)
        return self.fail(f"'{text}' is no number") if value is None else value

    def read_resource(self, name, head, _body):
        if head[:1] == ["<"]:
            parent = self.types.resources.get(head[1] if len(head) > 1 else "")
            if not parent:
                self.fail("there is no such parent")
            resource = Resource(name, parent, parent.ctype, list(parent.specials))
            words = head[2:]
        else:
            resource = Resource(name, None, self.ctype(head), [])
            words = head[1:]
        resource.specials += [(word, self.number(word)) for word in words]
        self.types.resources[name] = resource
        self.types.named[name] = Type("RESOURCE", name=name, ctype=resource.ctype, resource=resource)

    def read_values(self, kind, name, head, body):
        result = Type(kind, name=name, ctype=self.ctype(head))
        if not body:
            self.fail(f"{name} has no values")
        for word in body:
            key, equals, text = word.partition("=")
            if equals:
                value = self.number(text)
                if self.types.constants.setdefault(key, value) != value:
                    self.fail(f"{key} is {self.types.constants[key]} elsewhere")
            result.values.append((key, self.number(key)))
        self.types.named[name] = result

    def read_enum(self, name, head, body):
        self.read_values("ENUM", name, head, body)

    def read_flags(self, name, head, body):
        self.read_values("FLAGS", name, head, body)

    def read_strings(self, name, _head, body):
        self.types.strings[name] = [word.strip('"') for word in body]

    def read_struct(self, name, head, body):
        fields = parse_fields(body, self.types, self.fail)
        self.types.named[name] = lay_out("STRUCT", name, fields, head == ["packed"])

    def read_union(self, name, _head, body):
        self.types.named[name] = lay_out("UNION", name, parse_fields(body, self.types, self.fail), False)


def read_types(path):
    return Reader(path).read()
