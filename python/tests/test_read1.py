"""Types of version 1 as the tools take them."""

import os
import struct

from mmstats import read2, reader

from .place import InPlace


def field(label, code, value):
    return struct.pack("=H", len(label)) + label + struct.pack("=H", len(code)) + code + b"\xff" + value


class Types(InPlace):
    def read(self, *fields):
        path = os.path.join(self.directory, "one.mmstats")
        with open(path, "wb") as file:
            file.write(b"\1" + b"".join(fields) + b"\0\0")
        return [(one.label, one.data, one.value) for one in reader.read(path)]

    def test_blanks_in_a_type_mean_nothing(self):
        self.assertEqual(self.read(field(b"a", b"!  d ", struct.pack("!d", 0.5))), [("a", "!d", 0.5)])

    def test_a_type_without_a_value_ends_the_list(self):
        good = field(b"a", b"I", struct.pack("=I", 7))
        for code, size in (b"", 0), (b"   ", 0), (b"x", 1), (b"3x", 3), (b"e", 2):
            self.assertEqual(self.read(good, field(b"b", code, bytes(size)), good), [("a", "I", 7)], code)

    def test_a_count_does_not_go_above_what_a_word_holds(self):
        self.assertEqual(read2.Histogram(0, 1, 0, 1, [(1 << 64) - 1, 5]).count, (1 << 64) - 1)
