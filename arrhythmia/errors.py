"""The one exception that reaches people: a single line that names the file, the value and the remedy."""


class DataError(Exception):
    """Input that cannot be used; the message is one line for the person who runs the stage."""
