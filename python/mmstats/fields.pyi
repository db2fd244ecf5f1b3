from typing import Any, Callable, Generic, Mapping, Optional, Sequence, TypeVar, Union, overload

from . import handles, histogram, means, recent, timer, window
from .family import Family

H = TypeVar("H")
V = TypeVar("V")
Names = Union[str, Sequence[str]]
Pairs = Optional[Mapping[str, object]]
Self = TypeVar("Self", bound="Field")

class DuplicateFieldName(Exception): ...

class Field:
    label: Optional[str]
    unit: Optional[str]
    help: Optional[str]
    merge: Optional[str]
    def __init__(
        self, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Union[Names, Pairs] = None
    ) -> None: ...

class HandleField(Field, Generic[H]):
    @overload
    def __get__(self: Self, inst: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, inst: object, owner: Any) -> H: ...

class _SetField(Field, Generic[H, V]):
    @overload
    def __get__(self: Self, inst: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, inst: object, owner: Any) -> H: ...
    def __set__(self, inst: object, value: V) -> None: ...

class _ValueField(Field, Generic[V]):
    @overload
    def __get__(self: Self, inst: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, inst: object, owner: Any) -> V: ...

class CounterField(HandleField[H]):
    @overload
    def __init__(
        self: "CounterField[handles.Counter]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "CounterField[Family[handles.Counter]]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Names
    ) -> None: ...

class GaugeField(HandleField[H]):
    @overload
    def __init__(
        self: "GaugeField[handles.Gauge]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "GaugeField[Family[handles.Gauge]]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class UpDownField(HandleField[H]):
    @overload
    def __init__(
        self: "UpDownField[handles.Gauge]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "UpDownField[Family[handles.Gauge]]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class AverageField(HandleField[H]):
    @overload
    def __init__(
        self: "AverageField[means.Mean]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "AverageField[Family[means.Mean]]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Names
    ) -> None: ...

class MovingAverageField(HandleField[H]):
    @overload
    def __init__(
        self: "MovingAverageField[means.MovingMean]", size: int = 100, label: Optional[str] = None, merge: Optional[str] = "avg", *, unit: Optional[str] = None, help: Optional[str] = None, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "MovingAverageField[Family[means.MovingMean]]", size: int = 100, label: Optional[str] = None, merge: Optional[str] = "avg", *, unit: Optional[str] = None, help: Optional[str] = None, attributes: Names
    ) -> None: ...

class HistogramField(HandleField[H]):
    @overload
    def __init__(
        self: "HistogramField[histogram.Histogram]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, scale: Optional[float] = None, quantiles: Sequence[float] = (), precision: int = 5, range: int = 42, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "HistogramField[Family[histogram.Histogram]]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, scale: Optional[float] = None, quantiles: Sequence[float] = (), precision: int = 5, range: int = 42, attributes: Names
    ) -> None: ...

class TimerField(HandleField[H]):
    @overload
    def __init__(
        self: "TimerField[timer.Timer]", timer: Callable[[], float] = ..., size: int = 100, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, scale: Optional[float] = 1e-9, quantiles: Sequence[float] = (), precision: int = 5, range: int = 42, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "TimerField[Family[timer.Timer]]", timer: Callable[[], float] = ..., size: int = 100, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, scale: Optional[float] = 1e-9, quantiles: Sequence[float] = (), precision: int = 5, range: int = 42, attributes: Names
    ) -> None: ...

class RecentField(HandleField[H]):
    @overload
    def __init__(
        self: "RecentField[recent.Recent]", size: int = 100, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "RecentField[Family[recent.Recent]]", size: int = 100, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Names
    ) -> None: ...

class WindowField(HandleField[H]):
    @overload
    def __init__(
        self: "WindowField[window.Window]", seconds: int = 60, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "WindowField[Family[window.Window]]", seconds: int = 60, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Names
    ) -> None: ...

class UInt64Field(_SetField[H, V]):
    @overload
    def __init__(
        self: "UInt64Field[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "UInt64Field[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class Int64Field(_SetField[H, V]):
    @overload
    def __init__(
        self: "Int64Field[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "Int64Field[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class UIntField(_SetField[H, V]):
    @overload
    def __init__(
        self: "UIntField[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "UIntField[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class IntField(_SetField[H, V]):
    @overload
    def __init__(
        self: "IntField[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "IntField[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class UShortField(_SetField[H, V]):
    @overload
    def __init__(
        self: "UShortField[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "UShortField[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class ShortField(_SetField[H, V]):
    @overload
    def __init__(
        self: "ShortField[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "ShortField[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class UByteField(_SetField[H, V]):
    @overload
    def __init__(
        self: "UByteField[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "UByteField[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class ByteField(_SetField[H, V]):
    @overload
    def __init__(
        self: "ByteField[int, int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "ByteField[Family[handles.Number], int]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class FloatField(_SetField[H, V]):
    @overload
    def __init__(
        self: "FloatField[float, float]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "FloatField[Family[handles.Number], float]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class DoubleField(_SetField[H, V]):
    @overload
    def __init__(
        self: "DoubleField[float, float]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "DoubleField[Family[handles.Number], float]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class TimestampField(_SetField[H, V]):
    @overload
    def __init__(
        self: "TimestampField[float, float]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "timestamp", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "TimestampField[Family[handles.Number], float]", label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "timestamp", attributes: Names
    ) -> None: ...

class BoolField(_SetField[H, V]):
    @overload
    def __init__(
        self: "BoolField[bool, bool]", initial: bool = False, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "BoolField[Family[handles.Number], bool]", initial: bool = False, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, metric: str = "gauge", attributes: Names
    ) -> None: ...

class StringField(_SetField[H, V]):
    @overload
    def __init__(
        self: "StringField[str, Union[str, bytes]]", size: int = 255, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, initial: str = "", attributes: Pairs = None
    ) -> None: ...
    @overload
    def __init__(
        self: "StringField[Family[handles.Number], Union[str, bytes]]", size: int = 255, label: Optional[str] = None, *, unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, initial: str = "", attributes: Names
    ) -> None: ...

class ReadOnlyField(_ValueField[V]):
    value: Any
    def __init__(
        self, label: Optional[str] = None, value: Union[V, Callable[[], V], None] = None, *,
        metric: str = "info", unit: Optional[str] = None, help: Optional[str] = None, merge: Optional[str] = None, attributes: Pairs = None
    ) -> None: ...

class StaticFloatField(ReadOnlyField[float]): ...
class StaticDoubleField(ReadOnlyField[float]): ...
class StaticUInt64Field(ReadOnlyField[int]): ...
class StaticUIntField(ReadOnlyField[int]): ...
class StaticUShortField(ReadOnlyField[int]): ...
class StaticUByteField(ReadOnlyField[int]): ...
class StaticInt64Field(ReadOnlyField[int]): ...
class StaticIntField(ReadOnlyField[int]): ...
class StaticShortField(ReadOnlyField[int]): ...
class StaticByteField(ReadOnlyField[int]): ...
class StaticBoolField(ReadOnlyField[bool]): ...
class StaticTextField(ReadOnlyField[str]): ...
