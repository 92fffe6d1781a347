"""How often the flash of a unit was erased."""

from dataclasses import dataclass


@dataclass(frozen=True)
class UnitWear:
    """One unit's flash: its worst sector (numbered from the start of flash), erasures of that and of all together."""

    unit: str
    board: str
    worst_sector: int
    worst_count: int
    total_count: int
