"""Erasures of each unit's flash, counted before they happen and held against what the flash endures.

One SQLite file per lab, safe for several processes. Power may fail between counting and erasing: then one too many is
counted, never one too few.
"""

import logging
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InfrastructureError, WornOutError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.wear import UnitWear

logger = logging.getLogger(__name__)

WARN_AT = 0.9
"""Share of the endurance from which on each flashing warns."""

_FILE = "wear.sqlite"
_LOCK_LIMIT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS erasures (
    unit TEXT NOT NULL, board TEXT NOT NULL, sector INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (unit, sector)
)
"""
_ADD = """
INSERT INTO erasures VALUES (?, ?, ?, 1)
ON CONFLICT (unit, sector) DO UPDATE SET count = count + 1, board = excluded.board
"""
_WORST = """
SELECT unit, board, sector, MAX(count), SUM(count) FROM erasures GROUP BY unit ORDER BY MAX(count) DESC, unit
"""


class WearStore:
    """The counts of a lab, in `folder`.

    Every method raises `InfrastructureError` when the file cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE

    def add(self, unit: str, board: str, sectors: Collection[int]) -> None:
        """Count one erasure of each sector, all or none."""
        with self._opened() as database, database:
            database.executemany(_ADD, [(unit, board, sector) for sector in sectors])

    def counts(self, unit: str) -> dict[int, int]:
        """Give the erasures of each sector that was ever erased."""
        with self._opened() as database:
            return dict(database.execute("SELECT sector, count FROM erasures WHERE unit = ?", (unit,)))

    def worst_count(self, unit: str) -> int:
        """Give the erasures of the unit's worst sector; a pool that has several free units takes the least worn."""
        return max(self.counts(unit).values(), default=0)

    def units(self) -> tuple[UnitWear, ...]:
        """Give every unit, the most worn first."""
        with self._opened() as database:
            return tuple(UnitWear(*row) for row in database.execute(_WORST))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=_LOCK_LIMIT_S)) as database:
                database.execute(_SCHEMA)
                yield database
        except (OSError, sqlite3.Error) as error:
            raise InfrastructureError(f"{self._file}: erasures cannot be counted: {error}") from error


def spend_erasures(options: FlashOptions, unit: str, board: BoardType, sectors: Collection[int]) -> None:
    """Count an erasure of each sector about to be erased, where wear is counted at all.

    Raises:
        WornOutError: a sector has had what the board type's flash endures; nothing was counted.
    """
    if options.wear_folder is None or not sectors:
        return
    store = WearStore(options.wear_folder)
    counts = store.counts(unit)
    worst = max(sectors, key=lambda sector: counts.get(sector, 0))
    spent = counts.get(worst, 0)
    endurance = board.flash.endurance_cycles
    text = f"{board.name} {unit}: sector {worst} of its flash was erased {spent} times, of {endurance} that it endures"
    if spent >= endurance and not options.use_worn_flash:
        raise WornOutError(f"{text}; retire the unit, or allow it with the option use_worn_flash")
    if spent >= WARN_AT * endurance:
        logger.warning("%s", text)
    store.add(unit, board.name, sectors)
