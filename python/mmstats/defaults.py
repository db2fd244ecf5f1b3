"""Where files are, and what they are called, unless the program says otherwise."""

import os

DEFAULT_STRING_SIZE = 255


def directory():
    """``MMSTATS_PATH``, else ``TMPDIR``, else ``/tmp``. An empty variable counts as not set."""
    return os.environ.get("MMSTATS_PATH") or os.environ.get("TMPDIR") or "/tmp"


def template():
    """``MMSTATS_FILES``, else ``{CMD}-{PID}-{TID}.mmstats``."""
    return os.environ.get("MMSTATS_FILES") or "{CMD}-{PID}-{TID}.mmstats"


def version(chosen=None):
    """The version of the file: ``MMSTATS_VERSION``, else what the program has chosen, else 2.

    ValueError: the variable is neither 1 nor 2.
    """
    value = os.environ.get("MMSTATS_VERSION")
    if not value:
        return 2 if chosen is None else chosen
    if value not in ("1", "2"):
        raise ValueError("MMSTATS_VERSION must be 1 or 2, not %r" % value)
    return int(value)


# The names that mmstats 0.8.0 had. They are as the environment was when the package was imported.
DEFAULT_PATH = directory()
DEFAULT_FILENAME = template()
DEFAULT_GLOB = os.environ.get("MMSTATS_GLOB") or os.path.join(DEFAULT_PATH, "*.mmstats")
