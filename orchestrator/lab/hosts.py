"""The units that a host serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.lab.mapped_unit import MappedUnit
from orchestrator.lab.unit import Unit

if TYPE_CHECKING:
    from orchestrator.lab.virtual_unit import Rehearsal


def units_of(
    devices: Sequence[MappedDevice], virtual: Mapping[str, int], rehearsal: Rehearsal | None = None
) -> list[Unit]:
    """Give the connected rows of a hardware map and `virtual` boards per type as units."""
    mapped: list[Unit] = [MappedUnit(device) for device in devices if device.connected]
    return [*mapped, *_virtual(virtual, rehearsal)] if virtual else mapped


def _virtual(counts: Mapping[str, int], rehearsal: Rehearsal | None) -> list[Unit]:
    from orchestrator.lab.virtual_unit import VirtualUnit  # a host of dev kits has no emulator installed

    return [
        VirtualUnit(f"virtual-{board}-{number + 1}", load_board_type(board), rehearsal)
        for board, count in counts.items()
        for number in range(count)
    ]
