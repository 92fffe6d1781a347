"""Check a flatbuffer before the schema's classes walk it: they follow whatever offset they find.

A table of the format is described by its fields that lead elsewhere, by slot; scalars need no description. A file
passes when everything described lies within it, so that reading it cannot leave the file or run on.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.errors import UnsupportedModelError

SCALAR_BYTES = 8
"""The widest scalar. A file is padded by as much for reading: a scalar at its very end then needs no check."""

_MOST_ENTRIES = 1 << 16
"""Of a list of tables, such as tensors or operators. Networks for microcontrollers have hundreds."""


@dataclass(frozen=True)
class Values:
    """A list of scalars of this width; a text is one of width 1."""

    width: int


@dataclass(frozen=True)
class Table:
    """A table, or with `is_list` a list of them."""

    name: str
    fields: Mapping[int, "Values | Table"] = field(default_factory=dict)
    is_list: bool = False


def check_flatbuffer(content: bytes, root: Table) -> None:
    """Pass if every table, list and text described by `root` lies within the file.

    Raises:
        UnsupportedModelError: something does not; the text names the table.
    """
    verifier = _Verifier(content)
    verifier.table(root, verifier.follow(0, root.name))


def check_table(content: bytes, table: Table, position: int) -> None:
    """Pass if a table at this position lies within the file, with everything that `table` describes; raises as above.

    For the options of operators, whose fields depend on the operator.
    """
    _Verifier(content).table(table, position)


class _Verifier:
    """Tables are remembered by position, so that one referred to a thousand times is checked once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._seen: set[tuple[int, str]] = set()

    def follow(self, position: int, name: str) -> int:
        """Give the position that the offset stored at `position` leads to."""
        return position + self._number(position, "<I", name)

    def table(self, table: Table, position: int) -> None:
        if (position, table.name) in self._seen:
            return
        self._seen.add((position, table.name))
        slots = self._slots(table.name, position)
        for slot, content in table.fields.items():
            offset = slots[slot] if slot < len(slots) else 0
            if offset:
                self._field(content, table.name, position + offset)

    def _slots(self, name: str, position: int) -> tuple[int, ...]:
        """Give the offsets of the table's fields, 0 for one that is absent."""
        vtable = position - self._number(position, "<i", name)
        size = self._number(vtable, "<H", name)
        table_size = self._number(vtable + 2, "<H", name)
        self._require(size >= 4 and size % 2 == 0, name)
        self._require(vtable + size <= len(self._content) and position + table_size <= len(self._content), name)
        slots = struct.unpack_from(f"<{size // 2 - 2}H", self._content, vtable + 4)
        self._require(all(slot < table_size for slot in slots), name)
        return slots

    def _field(self, content: Values | Table, owner: str, position: int) -> None:
        if isinstance(content, Table) and not content.is_list:
            self.table(content, self.follow(position, owner))
            return
        start = self.follow(position, owner)
        count = self._number(start, "<I", owner)
        width = content.width if isinstance(content, Values) else 4
        self._require(count * width <= len(self._content) - start - 4, owner)
        if isinstance(content, Table):
            if count > _MOST_ENTRIES:
                raise UnsupportedModelError(f"the .tflite file has {count} of {content.name}; at most {_MOST_ENTRIES}")
            for entry in range(count):
                self.table(content, self.follow(start + 4 + 4 * entry, content.name))

    def _number(self, position: int, code: str, name: str) -> int:
        self._require(0 <= position <= len(self._content) - struct.calcsize(code), name)
        (value,) = struct.unpack_from(code, self._content, position)
        return int(value)

    def _require(self, holds: bool, name: str) -> None:
        if not holds:
            raise UnsupportedModelError(f"the .tflite file is damaged or truncated: its {name} leaves the file")
