"""Labels with attributes, there and back."""

import unittest

from mmstats import attributes


class Attributes(unittest.TestCase):
    def test_what_was_built_is_parsed(self):
        for pairs in {}, {"a": ""}, {"route": '/"a"', "b": "x\ny", "c_1": "\\n{}\\", "d": 'e",f="g'}:
            self.assertEqual(attributes.parse(attributes.build("name", pairs)), ("name", dict(pairs)))

    def test_anything_else_is_a_name(self):
        for label in "a", "a{", "a{}", 'a{b="c"', 'a{b="c"} ', 'a{b="c",}', '{b="c"}', 'a{b="c",b="d"}', 'a{b="\\x"}', 'a{__b="c"}':
            self.assertEqual(attributes.parse(label), (label, {}))
