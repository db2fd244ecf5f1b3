"""Text that changes."""

from .handles import Added
from .memory import fence


class Text(Added):
    """A text: two copies in the file, of which one is current and whole."""

    __slots__ = ("_head", "_copies", "_settings", "_value", "_set")

    def __init__(self, instance, field, label):
        self._value = field.initial
        super().__init__(instance, field, label)

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        size, self._settings = self.field.size, 0
        if version == 2:
            self._head = segment.cells("I", at)
            step = 8 + -(-size // 8) * 8
            self._copies = [
                (segment.cells("I", at + 8 + copy * step), segment.bytes(at + 16 + copy * step, size))
                for copy in range(2)
            ]
            self._set = self._set2
        else:
            # The current value is value 1, and the write buffer is before value 0.
            self._head = segment.cells("B", at - size - 1)
            self._copies = [segment.bytes(at - size, size), segment.bytes(at, size)]
            self._set = self._set1

    def get(self):
        return self._value

    def set(self, value):
        self._add(self.field.cut(value))

    def _take(self, encoded):
        self._set(encoded)
        self._value = encoded.decode()

    def _set2(self, encoded):
        following = self._settings + 1 & 0xFFFFFFFF
        length, copy = self._copies[following & 1]
        fence()
        length[0] = len(encoded)
        copy[: len(encoded)] = encoded
        fence()
        self._head[0] = self._settings = following

    def _set1(self, encoded):
        copy, size = self._copies[self._settings & 1], self.field.size
        self._settings += 1
        # With a count of the updates, no two torn texts are the same, if there is room for it.
        if len(encoded) < size - 4:
            fence()
            copy[size - 4 :] = (self._settings & 0xFFFFFFFF).to_bytes(4, "little")
            fence()
        ended = encoded + b"\0" if len(encoded) < size else encoded
        copy[: len(ended)] = ended
        fence()
        self._head[0] = self._settings & 1
