"""Texts for people, from Jinja templates: sentences stand there, facts and numbers come from the code."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from arrhythmia.utils.markdown import number

PACKAGE = Path(__file__).parents[1]


def render(template: str, **facts: Any) -> str:
    """Return the text of a template.

    Args:
        template: path below arrhythmia/.
        facts: what the template may name; a name that is not there is an error, not an empty text.
    """
    environment = Environment(  # Markdown, not HTML: nothing is escaped
        loader=FileSystemLoader(PACKAGE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "count": "{:,}".format, "percent": "{:.0%}".format}
    return environment.get_template(template).render(**facts)
