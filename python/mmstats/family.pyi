from typing import Generic, TypeVar

H = TypeVar("H")

class Family(Generic[H]):
    def labels(self, *values: object, **named: object) -> H: ...
