"""The one exception that reaches people: a single line that names the file, the value and the remedy."""

import re

LONGEST = 300
"""Characters of a library's message that are passed on; that of YAML ends with the place of the fault."""


class DataError(Exception):
    """Input that cannot be used; the message is one line for the person who runs the stage."""


def one_line(error: BaseException) -> str:
    """Return what an exception of a library says, in one line of at most `LONGEST` characters."""
    return " ".join(str(error).split())[:LONGEST]


def wants_memory(error: BaseException) -> bool:
    """Whether an exception means that there was no more memory: libraries in C or C++ often only say so.

    They say it of an allocation, a thread, a file to load, or return an error without one (`SystemError`).
    """
    said = "out of memory|bad_alloc|Cannot allocate memory|can't start new thread|without exception set"
    return isinstance(error, MemoryError) or re.search(said, str(error)) is not None
