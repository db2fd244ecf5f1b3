"""Counters, gauges, timers and text that a running program publishes, for tools that read them from outside.

>>> class Web(MmStats):
...     ok = CounterField(label="status.2XX", unit="requests")
...     answer = TimerField(help="How long a response takes")
>>> web = Web(label_prefix="web.")
>>> web.ok.incr()
>>> with web.answer:
...     pass
"""

from .defaults import DEFAULT_FILENAME, DEFAULT_GLOB, DEFAULT_PATH, DEFAULT_STRING_SIZE
from .fields import (
    AverageField,
    BoolField,
    ByteField,
    CounterField,
    DoubleField,
    DuplicateFieldName,
    Field,
    FloatField,
    GaugeField,
    HistogramField,
    Int64Field,
    IntField,
    MovingAverageField,
    ReadOnlyField,
    RecentField,
    ShortField,
    StaticBoolField,
    StaticByteField,
    StaticDoubleField,
    StaticFloatField,
    StaticInt64Field,
    StaticIntField,
    StaticShortField,
    StaticTextField,
    StaticUByteField,
    StaticUInt64Field,
    StaticUIntField,
    StaticUShortField,
    StringField,
    TimerField,
    TimestampField,
    UByteField,
    UInt64Field,
    UIntField,
    UShortField,
    UpDownField,
    WindowField,
)
from .folding import fold
from .models import BaseMmStats, MmStats, __version__

version = __version__

__all__ = [
    "AverageField",
    "BaseMmStats",
    "BoolField",
    "ByteField",
    "CounterField",
    "DEFAULT_FILENAME",
    "DEFAULT_GLOB",
    "DEFAULT_PATH",
    "DEFAULT_STRING_SIZE",
    "DoubleField",
    "DuplicateFieldName",
    "Field",
    "FloatField",
    "GaugeField",
    "HistogramField",
    "Int64Field",
    "IntField",
    "MmStats",
    "MovingAverageField",
    "ReadOnlyField",
    "RecentField",
    "ShortField",
    "StaticBoolField",
    "StaticByteField",
    "StaticDoubleField",
    "StaticFloatField",
    "StaticInt64Field",
    "StaticIntField",
    "StaticShortField",
    "StaticTextField",
    "StaticUByteField",
    "StaticUInt64Field",
    "StaticUIntField",
    "StaticUShortField",
    "StringField",
    "TimerField",
    "TimestampField",
    "UByteField",
    "UInt64Field",
    "UIntField",
    "UShortField",
    "UpDownField",
    "WindowField",
    "fold",
    "version",
]
