"""Tables and numbers in Markdown."""

import math
from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a Markdown table with the first `left` columns to the left and the others to the right."""
    lines = [header, [":--"] * left + ["--:"] * (len(header) - left), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None, digits: int = 3) -> str:
    """Return `value` with `digits` decimals and commas, or a dash where it is None or NaN."""
    return "–" if value is None or math.isnan(value) else f"{value:,.{digits}f}"
