"""The texts a library is made of: files under boards/export with markers such as `@name@`."""

import re
from collections.abc import Mapping
from pathlib import Path

import boards

_EXPORT = Path(boards.__file__).parent / "export"
_MARKER = re.compile(r"@([A-Za-z_]+)@")


def render(template: str, values: Mapping[str, object]) -> str:
    """Give a template's text with its markers replaced.

    Raises:
        KeyError: the template has a marker without a value.
    """
    text = (_EXPORT / template).read_text(encoding="utf-8")
    return _MARKER.sub(lambda match: str(values[match[1]]), text)


def runtime_licence() -> str:
    """Give the text of the licence that the runtime is under."""
    return (_EXPORT / "apache-2.0.txt").read_text(encoding="utf-8")
