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
        if not 1 <= len(unit) <= 63 or not all("!" <= character <= "~" for character in unit):
            raise ValueError("%r is no unit: 1 to 63 ASCII characters without a blank" % (unit,))
        parts.append((UNIT, unit.encode()))
    if help is not None:
        parts.append((HELP, one_line("help", help)))
    if merge is not None:
        if merge not in MERGE_RULES:
            raise ValueError("%r is no merge rule: %s" % (merge, ", ".join(MERGE_RULES)))
        parts.append((MERGE, bytes([MERGE_RULES.index(merge)])))
    if scale is not None:
        if not 0 < scale < float("inf"):
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


def one_line(what, text):
    encoded = text.encode()
    if not text or len(encoded) > 0xFFFF or any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("%r is no %s: one line of text" % (text, what))
    return encoded
