"""A writer of stats files, made from mmstats(5) and from nothing else: peer.py DIRECTORY COMMAND

Publishes a file with one field of every type and says "published PATH" on standard output. Then each line
on standard input is something to do, and is answered by the same line: "update" stores new values in all
fields that have two, "add" adds fields until the file has to grow, "end" unlinks the file.
"""

import ctypes
import fcntl
import mmap
import os
import struct
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
RENAME_NOREPLACE = 1
AT_FDCWD = -100
UNBUFFERED = 255
CACHE_LINE = 64


def place(at, label, letter, values):
    """White space in front of the type, and where write buffer and end are."""
    size = struct.calcsize(letter)
    is_number = letter[-1] != "s"
    pad = 0
    while True:
        write_buffer = at + 2 + len(label) + 2 + pad + len(letter)
        end = write_buffer + 1 + size * values
        on_boundary = not is_number or (write_buffer + 1) % size == 0
        in_line = not is_number or values == 1 or write_buffer // CACHE_LINE == (end - 1) // CACHE_LINE
        if on_boundary and in_line and end % 2 == 0:
            return pad, write_buffer, end
        pad += 1


class Field:
    """A value in a mapped file; knows its write buffer and never loads it back."""

    def __init__(self, memory, write_buffer_at, letter, values):
        self.memory, self.at, self.letter, self.values = memory, write_buffer_at, letter, values
        self.size = struct.calcsize(letter)
        self.write_buffer = 0

    def set(self, value):
        is_pair = self.values == 2
        at = self.at + 1 + (self.write_buffer * self.size if is_pair else 0)
        if self.letter[-1] == "s":
            text = value[: self.size]
            while text and value[len(text) : len(text) + 1] and value[len(text)] & 0xC0 == 0x80:
                text = text[:-1]
            self.memory[at : at + self.size] = text.ljust(self.size, b"\0")
        else:
            # A view of the number's own type stores it at once.
            memoryview(self.memory).cast(self.letter)[at // self.size] = value
        if is_pair:
            self.write_buffer = 1 - self.write_buffer
            self.memory[self.at] = self.write_buffer


class File:
    def __init__(self, directory, name):
        self.path = os.path.join(directory, name)
        temporary = os.path.join(directory, ".mmstats-%d-0.new" % os.getpid())
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self.descriptor = os.open(temporary, flags, 0o644)
        whole_file = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, whole_file)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        self.maps = []
        self.length = 0
        self.next = 1
        self.temporary = temporary
        self.reach(1)
        self.maps[0][0] = 1

    def reach(self, end):
        """Makes the file long enough, and gives the memory that holds it all."""
        if end > self.length:
            page = mmap.PAGESIZE
            longer = (end + page - 1) // page * page
            os.posix_fallocate(self.descriptor, self.length, longer - self.length)
            self.length = longer
            # The whole file once more; what is mapped already stays where it is.
            self.maps.append(mmap.mmap(self.descriptor, longer))
            self.maps[-1].madvise(mmap.MADV_DONTFORK)
        return self.maps[-1]

    def add(self, label, letter, values, first):
        label = label.encode()
        pad, write_buffer, end = place(self.next, label, letter, values)
        memory = self.reach(end)
        at = self.next
        kind = b" " * pad + letter.encode()
        memory[at + 2 : write_buffer] = label + struct.pack("=H", len(kind)) + kind
        memory[write_buffer] = UNBUFFERED if values == 1 else 0
        size = struct.calcsize(letter)
        value_at = write_buffer + 1 + (size if values == 2 else 0)
        first = struct.pack("=" + letter, first)
        memory[value_at : value_at + size] = first
        if at % 2:
            memory[at : at + 2] = struct.pack("=H", len(label))
        else:
            memoryview(memory).cast("H")[at // 2] = len(label)
        self.next = end
        return Field(memory, write_buffer, letter, values)

    def publish(self):
        there, here = os.fsencode(self.temporary), os.fsencode(self.path)
        if LIBC.renameat2(AT_FDCWD, there, AT_FDCWD, here, RENAME_NOREPLACE) != 0:
            raise OSError(ctypes.get_errno(), "renameat2")
        identity = os.fstat(self.descriptor)
        self.identity = identity.st_dev, identity.st_ino
        # The mapping holds the lock from here on.
        os.close(self.descriptor)

    def grow(self):
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW)

    def unlink(self):
        there = os.lstat(self.path)
        if (there.st_dev, there.st_ino) == self.identity:
            os.unlink(self.path)


def main(directory, command):
    file = File(directory, "%s-%d-%d.mmstats" % (command, os.getpid(), os.getpid()))
    file.add("sys.pid", "I", 1, os.getpid())
    file.add("sys.tid", "q", 1, os.getpid())
    file.add("sys.uid", "Q", 1, os.getuid())
    file.add("sys.gid", "Q", 1, os.getgid())
    file.add("sys.created", "d", 1, time.time())
    file.add("org.mmstats.version", "256s", 1, b"peer")
    fields = [
        (file.add("counter", "Q", 2, 0), 2**64 - 1),
        (file.add("q", "q", 2, 0), -(2**63)),
        (file.add("I", "I", 2, 0), 2**32 - 1),
        (file.add("i", "i", 2, 0), -(2**31)),
        (file.add("H", "H", 2, 0), 65535),
        (file.add("h", "h", 2, 0), -32768),
        (file.add("f", "f", 2, 0.0), 0.5),
        (file.add("d", "d", 2, 0.0), 0.1),
        (file.add("text", "255s", 2, b"first"), "täxt".encode()),
        (file.add("cut", "3s", 2, b"abc"), "abé".encode()),
        (file.add("B", "B", 1, 0), 255),
        (file.add("b", "b", 1, 0), -128),
        (file.add("bool", "?", 1, False), True),
    ]
    file.add("given once", "256s", 1, b"fixed")
    file.publish()
    print("published", file.path, flush=True)
    for line in sys.stdin:
        line = line.strip()
        if line == "update":
            for field, value in fields:
                field.set(value)
        elif line == "add":
            file.grow()
            number = 0
            length = file.length
            while file.length == length:
                file.add("later.%d" % number, "Q", 2, number)
                number += 1
            os.close(file.descriptor)
            print("add", number, flush=True)
            continue
        elif line == "end":
            file.unlink()
        print(line, flush=True)


main(sys.argv[1], sys.argv[2])
