"""Frozen records to JSON and back, by their types."""

from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

Record = TypeVar("Record")


@cache
def _adapter(record_type: Any) -> TypeAdapter[Any]:
    return TypeAdapter(record_type)


def record_to_json(record: object, indent: int | None = None) -> str:
    """Give the record as one line of JSON, or with `indent` as many, indented by so many blanks."""
    text: bytes = _adapter(cast(Any, type(record))).dump_json(record, indent=indent)
    return text.decode()


def record_from_json(text: str, record_type: type[Record]) -> Record:
    """Read a record that `record_to_json` wrote.

    Raises:
        ValueError: the text is no such record.
    """
    record: Record = _adapter(cast(Any, record_type)).validate_json(text)
    return record
