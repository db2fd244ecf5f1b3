"""What a field of version 2 says about itself besides label and value: unit, help and so on."""

import struct
import unicodedata

UNIT, HELP, MERGE, SCALE, QUANTILES, MODEL = 1, 2, 3, 4, 5, 6
MERGE_RULES = ("none", "sum", "avg", "min", "max", "latest")


def encode(unit=None, help=None, merge=None, scale=None, quantiles=(), model=None):
    """The bytes of the items, in the order of their ids.

    ValueError: one of them is not allowed.
    """
    parts = []
    if unit is not None:
        if not is_unit(unit):
            raise ValueError("%r is no unit: 1 to 63 ASCII characters without a blank" % (unit,))
        parts.append((UNIT, unit.encode()))
    if help is not None:
        parts.append((HELP, one_line("help", help)))
    if merge is not None:
        if merge not in MERGE_RULES:
            raise ValueError("%r is no merge rule: %s" % (merge, ", ".join(MERGE_RULES)))
        parts.append((MERGE, bytes([MERGE_RULES.index(merge)])))
    if scale is not None:
        if not is_scale(scale):
            raise ValueError("%r is no scale: a number above 0" % (scale,))
        parts.append((SCALE, struct.pack("=d", scale)))
    if quantiles:
        if not all(0 <= quantile <= 1 for quantile in quantiles):
            raise ValueError("%r: quantiles are from 0 to 1" % (quantiles,))
        parts.append((QUANTILES, struct.pack("=%dd" % len(quantiles), *quantiles)))
    if model is not None:
        parts.append((MODEL, one_line("model", model)))
    return b"".join(item(name, inside) for name, inside in parts)


def item(name, inside):
    """One item, filled up with zeros."""
    return struct.pack("=HH", name, len(inside)) + inside + bytes(-len(inside) % 4)


def is_unit(text):
    return 1 <= len(text) <= 63 and all("!" <= character <= "~" for character in text)


def is_scale(number):
    return 0 < number < float("inf")


def is_line(text):
    """Whether this is one line, without what acts on a terminal."""
    return bool(text) and not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text)


def one_line(what, text):
    encoded = text.encode()
    if len(encoded) > 0xFFFF or not is_line(text):
        raise ValueError("%r is no %s: one line of text" % (text, what))
    return encoded


def walk(raw):
    """Id and content of each item, up to one that is cut short."""
    at = 0
    while at + 4 <= len(raw):
        name, size = struct.unpack_from("=HH", raw, at)
        if at + 4 + size > len(raw):
            return
        yield name, raw[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4


def decode(raw):
    """What the items say, by their names: of several with one id, the first that makes sense."""
    found = dict.fromkeys(("unit", "help", "merge", "scale"), None)
    found["quantiles"] = ()
    for name, inside in walk(raw):
        reads = _READ.get(name)
        if reads is None or found[reads[0]] not in (None, ()):
            continue
        try:
            value = reads[1](inside)
        except (ValueError, struct.error, IndexError):
            continue
        if value is not None:
            found[reads[0]] = value
    return found


def _double(inside):
    value = struct.unpack("=d", inside)[0]
    return value if is_scale(value) else None


def _doubles(inside):
    values = struct.unpack("=%dd" % (len(inside) // 8), inside)
    return values if all(0 <= value <= 1 for value in values) else None


def _text(is_right):
    def read(inside):
        text = inside.decode()
        return text if is_right(text) else None

    return read


_READ = {
    UNIT: ("unit", _text(is_unit)),
    HELP: ("help", _text(is_line)),
    MERGE: ("merge", lambda inside: MERGE_RULES[inside[0]] if len(inside) == 1 else None),
    SCALE: ("scale", _double),
    QUANTILES: ("quantiles", _doubles),
}
