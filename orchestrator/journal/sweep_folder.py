"""Where a sweep keeps its files."""

import hashlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.errors import InputError


@dataclass(frozen=True)
class SweepFolder:
    """The directory of one sweep: journal, MLflow store, Ray's state, one folder per candidate."""

    root: Path

    @property
    def sweep_id(self) -> str:
        """A name for the sweep that no other sweep of a cluster has, the same when it is resumed."""
        place = f"{socket.gethostname()}:{self.root}"
        return f"{self.root.name}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def log(self) -> Path:
        return self.root / "sweep.log"

    @property
    def mlflow_store_uri(self) -> str:
        """The local SQLite store, used unless the experiment names a tracking server."""
        return f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def mlflow_artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def ray(self) -> Path:
        return self.root / "ray"

    def candidate(self, candidate_id: str) -> Path:
        """Folder of one candidate's files; made on first use."""
        folder = self.root / "candidates" / candidate_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def create_sweep_folder(name: str, out: Path | None) -> SweepFolder:
    """Make `out`, or `sweeps/<name>-<time>` under the working directory.

    Raises:
        InputError: `out` exists and is not an empty directory.
    """
    root = out if out is not None else Path("sweeps") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(f"--out {root}: must be a new or empty directory")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {root}: cannot be made: {error}") from error
    return SweepFolder(root.resolve())
