"""The table of a lab's boards."""

import time
from collections.abc import Iterable, Mapping

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from orchestrator.lab.health import Health
from orchestrator.lab.unit_status import UnitStatus
from orchestrator.report.text import shortened

STYLES = {Health.HEALTHY: "green", Health.UNCHECKED: "cyan", Health.QUARANTINED: "red", Health.OCCUPIED: "yellow"}
REASON_CHARACTERS = 60


def lab_table(units: Iterable[UnitStatus], now: float | None = None) -> Table:
    """Give a row per unit: what it is, what it does, how it fared; `now` is in seconds since the epoch."""
    at = time.time() if now is None else now
    table = Table(box=SIMPLE_HEAD)
    for name in ("unit", "board type", "chip", "state", "last check"):
        table.add_column(name)
    for name in ("measured", "failed", "worst page"):
        table.add_column(name, justify="right")
    for unit in units:
        table.add_row(
            unit.unit,
            unit.board,
            unit.device_id,
            f"[{STYLES[unit.health]}]{escape(_state(unit))}[/]",
            "never" if unit.checked_at is None else f"{_ago(at - unit.checked_at)} ago",
            str(unit.measurements),
            str(unit.failures),
            _wear(unit),
        )
    return table


def waiting_line(waiting: Mapping[str, int]) -> str:
    """Say how many requests wait for a board, per sweep."""
    parts = [f"{sweep}: {count}" for sweep, count in sorted(waiting.items()) if count]
    return f"waiting for a board: {', '.join(parts)}" if parts else "nothing waits for a board"


def _state(unit: UnitStatus) -> str:
    if unit.busy_with:
        return f"busy: {unit.busy_with}"
    if unit.health is Health.HEALTHY:
        return "idle"
    return f"{unit.health.value}: {shortened(unit.reason, REASON_CHARACTERS)}"


def _wear(unit: UnitStatus) -> str:
    if not unit.endurance_cycles:
        return "-"
    return f"{unit.worst_page_erasures / unit.endurance_cycles:.1%}"


def _ago(seconds: float) -> str:
    for limit, size, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"
