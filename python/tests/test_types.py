"""What type checkers are told of the fields is what they are."""

import ast
import inspect
import unittest

import mmstats
from mmstats import family, fields, handles

from .place import ROOT


def stub(name):
    tree = ast.parse((ROOT / "mmstats" / (name + ".pyi")).read_text(encoding="utf-8"))
    return {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}


def parameters(function):
    every = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return {argument.arg for argument in every} - {"self"}


def real(cls):
    """The names that a class's constructor takes, those of its bases included."""
    names = set()
    for one in cls.__mro__:
        if "__init__" in vars(one):
            found = inspect.signature(one.__init__).parameters.values()
            names |= {each.name for each in found if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
            if not any(each.kind == each.VAR_KEYWORD for each in found):
                break
    return names - {"self"}


class Types(unittest.TestCase):
    def test_every_field_takes_what_is_said(self):
        said = stub("fields")
        for name, cls in vars(fields).items():
            if name in mmstats.__all__ and isinstance(cls, type) and issubclass(cls, fields.Field):
                self.assertIn(name, said)
                for function in said[name].body:
                    if getattr(function, "name", None) == "__init__":
                        self.assertEqual(parameters(function), real(cls), name)

    def test_every_method_is_there(self):
        for module in handles, family:
            for name, cls in stub(module.__name__.rpartition(".")[2]).items():
                for function in cls.body:
                    if isinstance(function, ast.FunctionDef) and function.name != "__init__":
                        self.assertTrue(hasattr(getattr(module, name), function.name), (name, function.name))

    def test_everything_that_is_exported_is_there(self):
        self.assertEqual([name for name in mmstats.__all__ if not hasattr(mmstats, name)], [])
