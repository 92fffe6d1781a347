"""An append-only file of finished candidates: what is in it survives any crash."""

import os
from pathlib import Path

from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.domain.candidate import CandidateRecord


class Journal:
    """One JSON line per finished candidate, on disk before `append` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: CandidateRecord) -> None:
        """Write the record and force it to disk."""
        line = record_to_json(record) + "\n"
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> tuple[CandidateRecord, ...]:
        """Give all records in the order they were written; a last line cut short by a crash is not one."""
        if not self.path.exists():
            return ()
        lines = self.path.read_text(encoding="utf-8").split("\n")[:-1]
        return tuple(record_from_json(line, CandidateRecord) for line in lines)
