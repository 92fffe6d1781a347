"""The table of checked units."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from orchestrator.lab.unit_check import CheckedUnit, UnitCheck

_NOTHING = ("-",) * 4


def check_table(units: Iterable[CheckedUnit]) -> Table:
    """Give a row per unit: what it measured, how that compares with the reference, and whether it is sound."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("unit", "board type", "chip"):
        table.add_column(name, overflow="fold")
    for name in ("RAM", "cycles"):
        table.add_column(name, justify="right")
    for name in ("reference", "result"):
        table.add_column(name)
    for unit in units:
        measured = _NOTHING if unit.check is None else _measured(unit.check)
        result = "[green]sound[/]" if unit.is_sound else f"[red]{escape(unit.reason)}[/]"
        table.add_row(unit.unit, unit.board, *measured, result)
    return table


def _measured(check: UnitCheck) -> tuple[str, str, str, str]:
    measured = check.run.measurement
    return measured.device, f"{measured.ram_bytes} bytes", f"{measured.cycles}", _against(check)


def _against(check: UnitCheck) -> str:
    if check.reference is None:
        return "none" if check.found else "kept from now on"
    difference = check.run.measurement.cycles / check.reference.cycles - 1.0
    return "the same cycles" if not difference else f"{difference:+.2%} cycles"
