"""What a board measured. An estimate is never called a measurement."""

from dataclasses import dataclass
from enum import Enum

from orchestrator.domain.model import Footprint


class CyclesSource(Enum):
    """Where a cycle count comes from; carried by every measurement."""

    SILICON = "silicon"
    VIRTUAL = "virtual-timing-model"
    VIRTUAL_INSTRUCTIONS = "virtual-instructions"
    RENODE = "renode-instructions"

    @property
    def counts_cycles(self) -> bool:
        """Say whether counts are cycles: instructions take more than one each, so that no time follows from them."""
        return self not in (CyclesSource.VIRTUAL_INSTRUCTIONS, CyclesSource.RENODE)


@dataclass(frozen=True)
class LayerCycles:
    """Cycles of one layer of one inference."""

    name: str
    operator: str
    cycles: int


@dataclass(frozen=True)
class Measurement:
    """One image measured on one device.

    Attributes:
        board: name of the board type, as the firmware reports it.
        device: unique id of the unit, as the firmware reports it.
        cycles: median over the repeats of one whole inference, `cycles_min` and `cycles_max` the extremes; or
            instructions, as `cycles_source` says.
        stack_bytes: high-water mark of the stack during inference, read from the board.
    """

    board: str
    device: str
    cycles_source: CyclesSource
    clock_hz: int
    cycles: int
    cycles_min: int
    cycles_max: int
    stack_bytes: int
    footprint: Footprint
    layers: tuple[LayerCycles, ...]

    @property
    def latency_s(self) -> float:
        """Seconds of one inference: cycles / clock_hz. Means nothing where instructions were counted."""
        return self.cycles / self.clock_hz

    @property
    def flash_bytes(self) -> int:
        """Everything programmed into flash."""
        return self.footprint.flash_bytes

    @property
    def ram_bytes(self) -> int:
        """.data + .bss (arena included) + the measured stack."""
        return self.footprint.static_ram_bytes + self.stack_bytes


@dataclass(frozen=True)
class DeviceRun:
    """A measurement and what the device computed: `outputs[s][o]` are the bytes of output o for sample s.

    `model_hash` names the network that ran, as the firmware reported it.
    """

    model_hash: str
    measurement: Measurement
    outputs: tuple[tuple[bytes, ...], ...]
