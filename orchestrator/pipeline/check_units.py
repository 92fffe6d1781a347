"""Check units of this host: every one at the same time, each on its own port."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from orchestrator.lab.references import References
from orchestrator.lab.unit import Unit
from orchestrator.lab.unit_check import CheckedUnit, check_unit, checked
from orchestrator.pipeline.golden import make_golden


def check_units(units: Sequence[Unit], references: References) -> list[CheckedUnit]:
    """Flash the golden image onto each unit and say how it did, in the order given.

    Raises:
        ToolchainError: the golden image cannot be built.
    """
    golden = {unit.board.name: make_golden(unit.board) for unit in units}

    def check(unit: Unit) -> CheckedUnit:
        return checked(unit.name, unit.board.name, partial(check_unit, unit, golden[unit.board.name], references))

    with ThreadPoolExecutor(max_workers=max(1, len(units))) as threads:
        return list(threads.map(check, units))
