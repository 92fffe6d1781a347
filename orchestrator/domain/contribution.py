"""What one device says of a set of networks, to be held against what others say: a file that a lab contributes."""

import hashlib
from dataclasses import dataclass

from orchestrator.domain.measurement import CyclesSource, DeviceRun, LayerCycles, MeasuredClock, MemorySetting
from orchestrator.domain.model import FirmwareImage

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning; files of other versions are refused."""


@dataclass(frozen=True)
class ContributedModel:
    """One network on the device; hashes as in `CompiledModel` and `FirmwareImage`, cycles as in `Measurement`.

    Attributes:
        output_hash: of what the device computed from the seeded input that all devices get.
    """

    name: str
    model_hash: str
    image_hash: str
    output_hash: str
    cycles: int
    cycles_min: int
    cycles_max: int
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    layers: tuple[LayerCycles, ...]

    def __post_init__(self) -> None:
        if not 0 < self.cycles_min <= self.cycles <= self.cycles_max:
            raise ValueError(
                f"model {self.name!r}: cycles must be above 0 and lie between cycles_min and cycles_max, but got "
                f"{self.cycles_min}, {self.cycles}, {self.cycles_max}"
            )

    @classmethod
    def of(cls, name: str, image: FirmwareImage, run: DeviceRun) -> "ContributedModel":
        """Take what is to be compared from a run of `image`."""
        measurement = run.measurement
        outputs = b"".join(output for sample in run.outputs for output in sample)
        return cls(
            name=name,
            model_hash=image.model_hash,
            image_hash=image.image_hash,
            output_hash=hashlib.sha256(outputs).hexdigest()[:16],
            cycles=measurement.cycles,
            cycles_min=measurement.cycles_min,
            cycles_max=measurement.cycles_max,
            flash_bytes=measurement.flash_bytes,
            ram_bytes=measurement.ram_bytes,
            stack_bytes=measurement.stack_bytes,
            layers=measurement.layers,
        )


@dataclass(frozen=True)
class Contribution:
    """All networks on one device.

    Attributes:
        schema_version: `SCHEMA_VERSION`.
        unit: stands for the device without naming it: `unit_of` its unique id.
        toolchain: what the compiler says of itself.
        mcutune: version that measured.
        left_out: networks that do not fit the board.
    """

    schema_version: int
    board: str
    unit: str
    cycles_source: CyclesSource
    clock_hz: int
    measured_clock: MeasuredClock | None
    memory_settings: tuple[MemorySetting, ...]
    toolchain: str
    mcutune: str
    models: tuple[ContributedModel, ...]
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise ValueError(f"schema_version: must be {SCHEMA_VERSION}, but got {self.schema_version}")
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError(f"models: names must differ, but got {', '.join(names)}")

    def model(self, name: str) -> ContributedModel | None:
        """Give the network of that name; None where it was left out."""
        return next((model for model in self.models if model.name == name), None)

    def model_of_hash(self, model_hash: str) -> ContributedModel | None:
        """Give the very network, whatever its file was called."""
        return next((model for model in self.models if model.model_hash == model_hash), None)


def unit_of(device_id: str) -> str:
    """Give 12 hex digits that stay the same for a device, without its unique id."""
    return hashlib.sha256(device_id.encode()).hexdigest()[:12]
