"""Whether this is still the process that made an instance.

Updates look at the mark, so it costs little: a word in a page that the kernel makes zeros in a forked child
(MADV_WIPEONFORK). It does not depend on Python's at-fork handlers, which uWSGI does not call.
"""

import mmap
import os

MADV_WIPEONFORK = 18


class ProcessMark:
    """The same by the process id, for kernels that wipe no pages."""

    def __init__(self):
        self.pid = 0

    def __getitem__(self, _):
        return self.pid == os.getpid()

    def __setitem__(self, _, home):
        self.pid = os.getpid() if home else 0


def make():
    """A mark whose item 0 is false at first, and in a child of the process that has made it true."""
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(MADV_WIPEONFORK)
    except (OSError, AttributeError, ValueError):
        return ProcessMark()
    return memoryview(page).cast("Q")
