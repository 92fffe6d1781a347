"""The units that a host serves."""

from collections.abc import Mapping, Sequence

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.lab.mapped_unit import MappedUnit
from orchestrator.lab.unit import Unit
from orchestrator.lab.virtual_unit import Rehearsal, VirtualUnit


def units_of(
    devices: Sequence[MappedDevice], virtual: Mapping[str, int], rehearsal: Rehearsal | None = None
) -> list[Unit]:
    """Give the connected rows of a hardware map and `virtual` boards per type as units."""
    mapped: list[Unit] = [MappedUnit(device) for device in devices if device.connected]
    started = [
        VirtualUnit(f"virtual-{board}-{number + 1}", load_board_type(board), rehearsal)
        for board, count in virtual.items()
        for number in range(count)
    ]
    return [*mapped, *started]
