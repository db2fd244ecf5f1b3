"""The fields of a model: what is declared in a class, and what an instance makes of it."""

import math
import operator
import struct
import time
from collections import namedtuple

from . import attributes as labels
from . import defaults, format1, handles, histogram, items, means, native, recent, window
from .text import Text
from .timer import Timer

# What is written of a field: ``data``, ``metric``, ``items`` and ``value`` in version 2, the others in version 1.
Description = namedtuple("Description", "data metric items value code size1 buffered value1")
METRICS = ("unknown", "counter", "gauge", "timestamp", "info")


class DuplicateFieldName(Exception):
    """Two fields of an instance have the same label."""


class Field:
    """A value with a label.

    ``label``: the name of the attribute if it is not given. ``unit``: ``seconds``, ``bytes``, ``ratio`` or another
    word. ``help``: one line that says what it is. ``merge``: how the values of several files become one: ``sum``,
    ``avg``, ``min``, ``max``, ``latest`` or ``none``. ``attributes``: a mapping, or the names alone: then
    ``stats.field.labels(name=value)`` gives a handle for each set of values. Version 1 has only the label.
    """

    handle, data, metric = None, None, "gauge"

    def __init__(self, label=None, *, unit=None, help=None, merge=None, attributes=None):
        self.label, self.unit, self.help, self.merge = label, unit, help, merge
        self.names = None
        if attributes is not None and not hasattr(attributes, "items"):
            self.names = (attributes,) if isinstance(attributes, str) else tuple(attributes)
            labels.build("name", dict.fromkeys(self.names, ""))
            attributes = None
        self.attributes = attributes
        self.items()

    def __set_name__(self, owner, name):
        self.key = name

    def __repr__(self):
        return "%s(label=%r)" % (type(self).__name__, self.label)

    def items(self):
        """Unit, help and so on, as version 2 has them."""
        return items.encode(unit=self.unit, help=self.help, merge=self.merge)

    def full_label(self, prefix, name, attributes=None):
        """The label in the file."""
        return labels.build(prefix + (self.label or name), attributes or self.attributes)

    def describe(self, handle):
        """What is written of the field, with the value that the handle has."""
        raise NotImplementedError

    def _number(self, data, value, buffered):
        code = format1.CODES[data]
        first = struct.pack("=" + code, value)
        return Description(data, self.metric, self.items(), first, code, len(first), buffered, first)

    def _words(self, data, value):
        """A value of several words. Version 1 shows its mean."""
        return Description(data, self.metric, self.items(), value, "d", 8, True, bytes(8))


class HandleField(Field):
    """A field with methods: the attribute is its handle."""

    def __get__(self, inst, owner):
        return self if inst is None else inst._fields[self.key]


class CounterField(HandleField):
    """Counts up: ``incr(amount=1)``, and ``value``."""

    handle, data, metric = native.of(handles.Counter), "u64", "counter"

    def describe(self, handle):
        return self._number("u64", handle._total, True)


class AverageField(HandleField):
    """The mean of all values: ``add(value)``, and ``value``."""

    handle, metric = native.of(means.Mean), "mean"

    def describe(self, handle):
        return self._words("mean", bytes(48))


class MovingAverageField(HandleField):
    """The mean of the last ``size`` values: ``add(value)``, and ``value``."""

    handle = means.MovingMean

    def __init__(self, size=100, label=None, merge="avg", **about):
        self.size = size
        super().__init__(label, merge=merge, **about)

    def describe(self, handle):
        return self._number("f64", 0.0, True)


class HistogramField(HandleField):
    """How often which values were seen: ``record(value)``, a whole number, and ``count`` and ``value``, the mean.

    ``scale``: what a value is multiplied with so that it is in the unit. ``precision`` and ``range``: a bucket is at
    most 1 / 2^precision of its values wide, and values below 2^range are told apart.
    """

    handle, metric = native.of(histogram.Histogram), "histogram"

    def __init__(self, label=None, *, scale=None, quantiles=(), precision=5, range=42, **about):
        if not (0 <= precision <= 16 and precision < range <= 64):
            raise ValueError("a histogram has a precision from 0 to 16 and a range above it, up to 64")
        self.scale, self.quantiles, self.precision, self.range = scale, tuple(quantiles), precision, range
        super().__init__(label, **about)

    def items(self):
        return items.encode(
            unit=self.unit, help=self.help, merge=self.merge, scale=self.scale, quantiles=self.quantiles
        )

    def describe(self, handle):
        return self._words("histogram", histogram.encode(self.precision, self.range))


class TimerField(HistogramField):
    """How long things take: ``with stats.field:``, or ``start()`` and ``stop()``, or ``add(seconds)``.

    A histogram of all times in version 2. ``value`` is the mean of the last ``size`` times, which is what version 1
    shows, and ``last`` the last one. ``timer`` is the clock, which gives seconds.
    """

    handle = native.of(Timer)

    def __init__(self, timer=time.time, size=100, label=None, *, unit="seconds", scale=1e-9, **about):
        self.timer, self.size = timer, size
        super().__init__(label, unit=unit, scale=scale, **about)


class RecentField(HandleField):
    """The last ``size`` numbers, each of which readers see: ``add(value)``, and ``values``. Version 1 shows their mean."""

    handle, metric = recent.Recent, "recent"

    def __init__(self, size=100, label=None, **about):
        if size < 1:
            raise ValueError("at least 1 number is kept, not %r" % (size,))
        self.size = operator.index(size)
        super().__init__(label, **about)

    def describe(self, handle):
        return self._words("recent", bytes(8 * (self.size + 2)))


class WindowField(HandleField):
    """What was added in the last ``seconds``: ``add(value)``, ``count``, ``value``, the mean, and ``max``. It ages while
    nothing is added. Version 1 shows the mean as it was when something was added last."""

    handle, metric = window.Window, "window"

    def __init__(self, seconds=60, label=None, **about):
        if not 1 <= seconds <= 1 << 22:
            raise ValueError("a window goes back from 1 to %d seconds, not %r" % (1 << 22, seconds))
        self.seconds = operator.index(seconds)
        super().__init__(label, **about)

    def describe(self, handle):
        head = struct.pack("=II", self.seconds, 0)
        return self._words("window", head + bytes(80 + 40 * self.seconds))


class NumberField(Field):
    """A number that is set by an assignment."""

    handle, buffered, initial = native.of(handles.Number), True, 0

    def __init__(self, label=None, *, metric="gauge", **about):
        if metric not in METRICS:
            raise ValueError("%r is no metric type of a number: %s" % (metric, ", ".join(METRICS)))
        self.metric, self.letter = metric, format1.CODES[self.data]
        super().__init__(label, **about)

    def __get__(self, inst, owner):
        if inst is None:
            return self
        handle = inst._fields[self.key]
        return handle if self.names else handle.get()

    def __set__(self, inst, value):
        inst._fields[self.key].set(value)

    def describe(self, handle):
        return self._number(self.data, handle._value, self.buffered)


class _IntegerField(NumberField):
    """What is too large or too small for the type wraps, as it does in C."""

    def __init__(self, *args, **about):
        super().__init__(*args, **about)
        bits = 8 * struct.calcsize(self.letter)
        self._mask, self._top = (1 << bits) - 1, 1 << bits - 1 if self.data[0] == "i" else 0

    def convert(self, value):
        return (operator.index(value) + self._top & self._mask) - self._top


class UInt64Field(_IntegerField):
    """An unsigned integer of 64 bits."""

    data = "u64"


class Int64Field(_IntegerField):
    """A signed integer of 64 bits."""

    data = "i64"


class UIntField(_IntegerField):
    """An unsigned integer of 32 bits."""

    data = "u32"


class IntField(_IntegerField):
    """A signed integer of 32 bits."""

    data = "i32"


class UShortField(_IntegerField):
    """An unsigned integer of 16 bits."""

    data = "u16"


class ShortField(_IntegerField):
    """A signed integer of 16 bits."""

    data = "i16"


class ByteField(_IntegerField):
    """A signed integer of 8 bits."""

    data, buffered = "i8", False


class UByteField(_IntegerField):
    """An unsigned integer of 8 bits."""

    data, buffered = "u8", False


class UpDownField(Int64Field):
    """A whole number of 64 bits that goes up and down, such as how many are open: ``set(value)``, ``incr(amount=1)``,
    ``decr(amount=1)``."""

    handle = native.of(handles.Gauge)

    def __get__(self, inst, owner):
        return self if inst is None else inst._fields[self.key]


class FloatField(NumberField):
    """A number of 32 bits. One that is too large is infinite."""

    data, initial = "f32", 0.0

    def convert(self, value):
        try:
            return struct.unpack("f", struct.pack("f", value))[0]
        except OverflowError:
            return math.copysign(math.inf, value)


class DoubleField(NumberField):
    """A number of 64 bits."""

    data, initial = "f64", 0.0

    def convert(self, value):
        return float(value)


class TimestampField(DoubleField):
    """A moment, in seconds since 1970: set by an assignment."""

    def __init__(self, label=None, *, metric="timestamp", unit="seconds", **about):
        super().__init__(label, metric=metric, unit=unit, **about)


class BoolField(NumberField):
    """True or false."""

    data, buffered = "bool", False

    def __init__(self, initial=False, label=None, **about):
        self.initial = bool(initial)
        super().__init__(label, **about)

    def convert(self, value):
        return bool(value)


class GaugeField(DoubleField):
    """A number of 64 bits that goes up and down: ``set(value)``, ``incr(amount=1)``, ``decr(amount=1)``."""

    handle = native.of(handles.Gauge)

    def __get__(self, inst, owner):
        return self if inst is None else inst._fields[self.key]


class StringField(Field):
    """A text of at most ``size`` bytes that is set by an assignment. One that is too long is cut."""

    handle, metric = Text, "info"

    def __init__(self, size=defaults.DEFAULT_STRING_SIZE, label=None, *, initial="", **about):
        self.size = size
        self.initial = self.cut(initial).decode()
        super().__init__(label, **about)

    def __get__(self, inst, owner):
        if inst is None:
            return self
        handle = inst._fields[self.key]
        return handle if self.names else handle.get()

    def __set__(self, inst, value):
        inst._fields[self.key].set(value)

    def cut(self, value):
        """The bytes that are stored: whole characters only."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        encoded = value.encode("utf-8", "replace")
        return encoded if len(encoded) <= self.size else encoded[: self.size].decode("utf-8", "ignore").encode()

    def describe(self, handle):
        encoded, copy = handle._value.encode(), 8 + -(-self.size // 8) * 8
        value = struct.pack("=IIII", 0, self.size, len(encoded), 0) + encoded
        value = value.ljust(8 + 2 * copy, b"\0")
        return Description(
            "text", self.metric, self.items(), value, "%ds" % self.size, self.size, True, encoded
        )


class ReadOnlyField(Field):
    """A value that is known when an instance is made: ``value``, or what it gives if it is a function."""

    handle, metric = handles.Fixed, "info"

    def __init__(self, label=None, value=None, *, metric="info", **about):
        self.value, self.metric = value, metric
        super().__init__(label, **about)

    def __get__(self, inst, owner):
        return self if inst is None else inst._fields[self.key].get()

    def resolve(self):
        value = self.value() if callable(self.value) else self.value
        if value is None:
            raise ValueError("value must be set")
        return value

    def describe(self, handle):
        return self._number(self.data, handle.value, False)


class StaticFloatField(ReadOnlyField):
    """A number of 32 bits that does not change."""

    data = "f32"


class StaticDoubleField(ReadOnlyField):
    """A number of 64 bits that does not change."""

    data = "f64"


class StaticUInt64Field(ReadOnlyField):
    """An unsigned integer of 64 bits that does not change."""

    data = "u64"


class StaticUIntField(ReadOnlyField):
    """An unsigned integer of 32 bits that does not change."""

    data = "u32"


class StaticUShortField(ReadOnlyField):
    """An unsigned integer of 16 bits that does not change."""

    data = "u16"


class StaticUByteField(ReadOnlyField):
    """An unsigned integer of 8 bits that does not change."""

    data = "u8"


class StaticInt64Field(ReadOnlyField):
    """A signed integer of 64 bits that does not change."""

    data = "i64"


class StaticIntField(ReadOnlyField):
    """A signed integer of 32 bits that does not change."""

    data = "i32"


class StaticShortField(ReadOnlyField):
    """A signed integer of 16 bits that does not change."""

    data = "i16"


class StaticByteField(ReadOnlyField):
    """A signed integer of 8 bits that does not change."""

    data = "i8"


class StaticBoolField(ReadOnlyField):
    """A bool that does not change."""

    data = "bool"


class StaticTextField(ReadOnlyField):
    """A text that does not change. Version 1 has its first 256 bytes."""

    def resolve(self):
        value = super().resolve()
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def describe(self, handle):
        value = handle.value.encode("utf-8", "replace")
        first = value[:256].decode("utf-8", "ignore").encode()
        return Description("fixed_text", self.metric, self.items(), value, "256s", 256, False, first)
