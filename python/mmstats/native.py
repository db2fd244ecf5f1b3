"""Which classes updates are made by: those of the native part where it is there, else those of this package.

``MMSTATS_PURE=1`` in the environment does without it. A sub-interpreter has none: it cannot be imported there.
"""

import os

# What this package expects of the other. They may be of different versions where both were copied by hand.
INTERFACE = 1


def _load():
    if os.environ.get("MMSTATS_PURE", "0") not in ("", "0"):
        return None
    try:
        from . import _native
    except ImportError:
        return None
    return _native if _native.INTERFACE == INTERFACE else None


part = _load()


def of(pure):
    """The native class that does the same as ``pure``, or ``pure``."""
    return getattr(part, pure.__name__, pure)
