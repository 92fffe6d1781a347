"""Draft rows of a hardware map from what is plugged in."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from orchestrator.device.ports import AttachedPort


@dataclass(frozen=True)
class DraftRow:
    """A row to be.

    Attributes:
        id: names the unit; empty: the port has no lasting name, so there can be no row.
        platform: the board type, where it is certain; else None.
        certain_by: how the board type is known.
    """

    port: AttachedPort
    id: str
    platform: str | None
    certain_by: str


def draft_rows(
    ports: Iterable[AttachedPort],
    board_types: Iterable[str],
    kits: Mapping[str, str],
    ask: Callable[[str], str | None],
) -> list[DraftRow]:
    """Give a row per port. Where a probe has several ports, only one that answers can be told to be the console.

    Args:
        board_types: names of those there are.
        kits: names of kits by their probes' unique ids.
        ask: gives the board type that answers on a port.
    """
    found, known = list(ports), set(board_types)
    shared = Counter(port.serial_number for port in found)
    rows = []
    for port in found:
        is_alone = shared[port.serial_number] == 1
        platform, certain_by = _platform(port, known, kits if is_alone else {}, ask)
        rows.append(DraftRow(port, _id(port, is_alone), platform, certain_by))
    return rows


def _platform(
    port: AttachedPort, known: set[str], kits: Mapping[str, str], ask: Callable[[str], str | None]
) -> tuple[str | None, str]:
    if port.by_id is None:
        return None, ""
    answered = ask(str(port.by_id))
    if answered in known:
        return answered, "it answers as one"
    kit = kits.get(port.serial_number, "")
    name = kit.lower().replace("-", "_")
    return (name, f"its probe says {kit}") if name in known else (None, "")


def _id(port: AttachedPort, is_alone: bool) -> str:
    """Give the serial number, as twister does; where that is not its own, the link's name, which is."""
    if port.by_id is None:
        return ""
    name = port.serial_number if port.serial_number and is_alone else port.by_id.name
    return re.sub("[^A-Za-z0-9._-]", "-", name).lstrip("._-")
