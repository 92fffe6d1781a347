"""What units of a board type measured with the golden image, so that later ones can be held against it."""

import hashlib
import os
import tempfile
from pathlib import Path

from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.measurement import CyclesSource, Measurement
from orchestrator.domain.model import FirmwareImage


class References:
    """One measurement per image and source of cycles; the first one kept stays, for every process that uses the folder.

    An image of another version of ours has other bytes, and so begins a new reference.

    Args:
        state: folder in which they are kept, one file each, under `golden/`; None: in memory only.
    """

    def __init__(self, state: Path | None) -> None:
        self._folder = None if state is None else state / "golden"
        self._known: dict[str, Measurement] = {}

    def find(self, image: FirmwareImage, source: CyclesSource) -> Measurement | None:
        """Give what was kept for the image, None where nothing was.

        Raises:
            InfrastructureError: a file cannot be read, or is damaged.
        """
        key = _key(image, source)
        if key not in self._known and self._folder is not None:
            self._read(key)
        return self._known.get(key)

    def keep(self, image: FirmwareImage, measurement: Measurement) -> None:
        """Keep a measurement, unless there is one already.

        Raises:
            InfrastructureError: the file cannot be written.
        """
        key = _key(image, measurement.cycles_source)
        if self._folder is not None:
            self._write(self._folder, key, measurement)
        self._known.setdefault(key, measurement)

    def _read(self, key: str) -> None:
        assert self._folder is not None
        path = self._folder / f"{key}.json"
        try:
            self._known[key] = record_from_json(path.read_text(encoding="utf-8"), Measurement)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise InfrastructureError(f"{path}: is no reference ({said}); delete it to take it anew") from error

    def _write(self, folder: Path, key: str, measurement: Measurement) -> None:
        """Write all or nothing: another process may read at any time, or write the same file."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8") as file:
                file.write(record_to_json(measurement) + "\n")
                file.flush()
                os.link(file.name, folder / f"{key}.json")
        except FileExistsError:
            self._read(key)
        except OSError as error:
            raise InfrastructureError(f"{folder}: the reference cannot be kept: {error}") from error


def _key(image: FirmwareImage, source: CyclesSource) -> str:
    digest = hashlib.sha256()
    for segment in image.segments:
        digest.update(segment.address.to_bytes(8, "little") + segment.data)
    return f"{image.board}-{source.value}-{digest.hexdigest()[:16]}"
