"""An append-only file of what became of a sweep's candidates: what is in it survives any crash.

Two kinds of lines, each one JSON object with a `candidate_id`:

    {"candidate_id", "ticket", "drawn"}     begun: what the search drew, written before anything is done with it
    {"candidate_id", ..., "outcome", ...}   ended: the candidate's record

Their order is that in which the search was asked and told, which is all that a search needs to be taken up again.
"""

import os
from pathlib import Path
from typing import Any, cast

from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.domain.candidate import Begun, CandidateRecord

Entry = Begun | CandidateRecord


class Journal:
    """One JSON line per candidate that was begun, one per candidate that ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_whole = False

    def begin(self, begun: Begun) -> None:
        """Note what was handed out.

        Not forced to disk: should power fail, the search draws the same again from what is there.
        """
        self._write(begun, to_disk=False)

    def append(self, record: CandidateRecord) -> None:
        """Write the record of a candidate that ended and force it to disk."""
        self._write(record, to_disk=True)

    def read(self) -> tuple[CandidateRecord, ...]:
        """Give the records of all that ended, in the order they were written."""
        return tuple(entry for entry in self.entries() if isinstance(entry, CandidateRecord))

    def entries(self) -> tuple[Entry, ...]:
        """Give all lines in the order they were written; a last one cut short by a crash is not one."""
        if not self.path.exists():
            return ()
        lines = self.path.read_text(encoding="utf-8").split("\n")[:-1]
        return tuple(record_from_json(line, cast(Any, Entry)) for line in lines)

    def _write(self, entry: Entry, to_disk: bool) -> None:
        if not self._is_whole:
            self._cut_torn_line()
        with self.path.open("a", encoding="utf-8") as file:
            file.write(record_to_json(entry) + "\n")
            file.flush()
            if to_disk:
                os.fsync(file.fileno())

    def _cut_torn_line(self) -> None:
        """Take away what a crash left of a line: the next one would be glued to it."""
        if self.path.exists():
            with self.path.open("r+b") as file:
                content = file.read()
                file.truncate(content.rfind(b"\n") + 1)
        self._is_whole = True
