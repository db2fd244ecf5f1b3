"""Stats files of version 1, as any program may write them: fields one after the other, each `label, type, value`."""

import os
import pathlib
import struct


def field(label, code, value):
    label, code = label.encode(), code.encode()
    return struct.pack("=H", len(label)) + label + struct.pack("=H", len(code)) + code + b"\xff" + value


def counter(label, number):
    return field(label, "Q", struct.pack("=Q", number))


def double(label, number):
    return field(label, "d", struct.pack("=d", number))


def text(label, words):
    words = words.encode() + b"\0"
    return field(label, f"{len(words)}s", words)


class Files:
    """The files of programs that seem to be alive: their process is this one."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def path(self, name):
        return self.directory / f"{name}-{os.getpid()}.mmstats"

    def write(self, name, *fields):
        """In place, if it is there already and as long."""
        pid = field("sys.pid", "I", struct.pack("=I", os.getpid()))
        content = b"\x01" + pid + b"".join(fields) + b"\0\0"
        path = self.path(name)
        if path.exists() and path.stat().st_size == len(content):
            with open(path, "r+b") as file:
                file.write(content)
            return
        new = self.directory / "new"
        new.write_bytes(content)
        new.rename(path)

    def remove(self, name):
        self.path(name).unlink()

    def app(self, hits):
        self.write("app", counter("app.hits", hits), double("app.load", 0.5), text("app.name", "one"))
