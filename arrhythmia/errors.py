"""The one exception that reaches people: a single line that names the file, the value and the remedy."""

LONGEST = 300
"""Characters of a library's message that are passed on; that of YAML ends with the place of the fault."""


class DataError(Exception):
    """Input that cannot be used; the message is one line for the person who runs the stage."""


def one_line(error: BaseException) -> str:
    """Return what an exception of a library says, in one line of at most `LONGEST` characters."""
    return " ".join(str(error).split())[:LONGEST]
