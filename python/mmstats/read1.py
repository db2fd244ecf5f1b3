"""Reads version 1."""

import re
import struct

TRIES = 1000
# What the struct module of Python 2.7 knew. Later ones know more, which no other reader does.
TYPE = re.compile(rb"[@=<>!]?[\s0-9xcbB?hHiIlLqQnNfdspP]*\Z")


def walk(look):
    """The fields of a copy: label, type, offset of the write buffer, size of a value. Ends at the first defect."""
    at = 1
    while at + 2 <= len(look):
        size = struct.unpack_from("=H", look, at)[0]
        if size == 0 or at + 4 + size > len(look):
            return
        label = look[at + 2 : at + 2 + size]
        at += 2 + size
        size = struct.unpack_from("=H", look, at)[0]
        code = look[at + 2 : at + 2 + size]
        index_at = at + 2 + size
        if not TYPE.match(code):
            return
        try:
            value_size = struct.calcsize(code)
        except (struct.error, UnicodeDecodeError):
            return
        if index_at >= len(look):
            return
        buffers = 2 if look[index_at] < 2 else 1
        if look[index_at] not in (0, 1, 255) or index_at + 1 + buffers * value_size > len(look):
            return
        if not struct.unpack(code, bytes(value_size)):
            # Such as only blanks: the type holds no value.
            return
        yield label.decode("utf-8", "replace"), code, index_at, value_size
        at = index_at + 1 + buffers * value_size


def current(look, index_at, size):
    """The write buffer, and the bytes of the current value."""
    write = look[index_at]
    at = index_at + 1 + (size if write == 0 else 0)
    return write, look[at : at + size]


def decode(code, raw):
    """The first item, as Python has it."""
    items = struct.unpack(code, raw)
    value = items[0] if items else None
    return value.split(b"\0", 1)[0].decode("utf-8", "replace") if isinstance(value, bytes) else value


def fields(source):
    """Label, type and value of each field. A value that never keeps still is None."""
    looks = [source.look() for _ in range(4)]
    for label, code, index_at, size in walk(looks[0]):
        # One number is the same in two copies in a row; all else in four.
        needed = 2 if size <= 8 and not code.strip().endswith(b"s") else 4
        tries, value = list(looks), None
        for _ in range(TRIES):
            if all(len(look) > index_at + size * 2 or len(look) == len(tries[0]) for look in tries):
                seen = [current(look, index_at, size) for look in tries[-needed:]]
                if all(one == seen[0] for one in seen):
                    value = decode(code, seen[0][1])
                    break
            tries = tries[1:] + [source.look()]
        yield label, "".join(code.decode("latin-1").split()), value
