"""The schema's classes, which come with the tflite-micro package and are imported on first use, and its names."""

from functools import cache
from types import ModuleType

_LONGEST_NAME = 120  # exporters join the names of all modules around an operator


def schema() -> ModuleType:
    """Give the module with one class per table of the schema."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated

    return schema_py_generated  # type: ignore[no-any-return]


@cache
def enum_names(enum: str) -> dict[int, str]:
    """Give the names of an enumeration's values."""
    return {value: name for name, value in vars(getattr(schema(), enum)).items() if isinstance(value, int)}


def one_line(content: bytes | None) -> str:
    """Give a name as one printable line, whatever the file holds; the middle of a very long one is left out."""
    text = (content or b"").decode("utf-8", errors="replace")
    if len(text) > _LONGEST_NAME:
        text = f"{text[: _LONGEST_NAME // 2]}...{text[3 - _LONGEST_NAME // 2 :]}"
    return "".join(character if character.isprintable() else "?" for character in text)
