"""Names of files, from templates."""

import os
import re
import sys
import threading

ENDING = ".mmstats"


def expand(text, model):
    """Puts the names of this program, process, thread and model in place of ``{CMD}``, ``{PID}``, ``{TID}`` and
    ``{MODEL}``.

    ValueError: there is any other brace, or a NUL.
    """
    command = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    parts = {
        "{CMD}": command or "python",
        "{PID}": str(os.getpid()),
        "{TID}": str(threading.get_native_id()),
        "{MODEL}": model,
    }
    if re.search(r"[{}\0]", re.sub(r"\{(CMD|PID|TID|MODEL)\}", "", text)):
        raise ValueError("%r: only {CMD}, {PID}, {TID} and {MODEL} may be in braces" % text)
    return re.sub(r"\{[A-Z]+\}", lambda part: parts[part.group()], text)


def names_a_process(text):
    """Whether a template gives each process a name of its own."""
    return "{PID}" in text or "{TID}" in text


def numbered(path, number):
    """The name that is tried if a living writer has ``path``: ``.2`` and so on before ``.mmstats``."""
    start, end = (path[: -len(ENDING)], ENDING) if path.endswith(ENDING) else (path, "")
    return "%s.%d%s" % (start, number, end)
