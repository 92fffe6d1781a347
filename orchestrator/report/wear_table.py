"""What `mcutune boards wear` prints."""

from collections.abc import Mapping, Sequence

from orchestrator.domain.wear import UnitWear

_HEADINGS = ("unit", "type", "worst sector", "erasures", "of endurance", "all sectors")


def wear_as_text(units: Sequence[UnitWear], endurance: Mapping[str, int]) -> str:
    """Give one aligned line for each unit; `endurance` by board type, `?` for a type that is not known (any more)."""
    rows = [_HEADINGS, *(_row(unit, endurance.get(unit.board)) for unit in units)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join("  ".join(map(_aligned, range(len(row)), row, widths)).rstrip() for row in rows)


def _row(unit: UnitWear, endures: int | None) -> tuple[str, ...]:
    share = "?" if endures is None else f"{unit.worst_count / endures:.1%}"
    return (unit.unit, unit.board, str(unit.worst_sector), f"{unit.worst_count:,}", share, f"{unit.total_count:,}")


def _aligned(column: int, text: str, width: int) -> str:
    return text.ljust(width) if column < 2 else text.rjust(width)
