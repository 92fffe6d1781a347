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
class EnergyReading:
    """What an energy meter saw of a row of equal inferences, all between two edges of the trigger pin.

    Attributes:
        inference_j: joules of one inference: everything between the edges, what idling takes included, by their number.
        idle_w: power before the row began, the board waiting for a command.
        bracket_s: seconds between the edges, by the meter's own clock.
        voltage_v: what the current was multiplied with.
        meter: which meter, by its port.
    """

    inference_j: float
    idle_w: float
    bracket_s: float
    inferences: int
    voltage_v: float
    meter: str


@dataclass(frozen=True)
class MeasuredClock:
    """The core's clock held against the host's: `hz` is off by the share `uncertainty` at most."""

    hz: float
    uncertainty: float


@dataclass(frozen=True)
class MemorySetting:
    """A setting of the chip on which cycles depend, as its registers said when it ran: `flash-wait-states`, 4."""

    name: str
    value: int


@dataclass(frozen=True)
class Measurement:
    """One image measured on one device.

    Attributes:
        board: name of the board type, as the firmware reports it.
        device: unique id of the unit, as the firmware reports it.
        cycles: median over the repeats of one whole inference, `cycles_min` and `cycles_max` the extremes; or
            instructions, as `cycles_source` says.
        stack_bytes: high-water mark of the stack during inference, read from the board.
        memory_settings: wait states, prefetch, caches, banks, as far as the chip has them.
        energy: None where no meter was there.
        measured_clock: None where the device's time is not the host's: emulators.
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
    energy: EnergyReading | None = None
    measured_clock: MeasuredClock | None = None
    memory_settings: tuple[MemorySetting, ...] = ()

    @property
    def latency_s(self) -> float:
        """Seconds of one inference: cycles / clock_hz. Means nothing where instructions were counted."""
        return self.cycles / self.clock_hz

    @property
    def energy_mj(self) -> float | None:
        """Millijoules of one inference; None where no meter was there."""
        return None if self.energy is None else self.energy.inference_j * 1e3

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

    Attributes:
        model_hash: names the network that ran, as the firmware reported it.
        stale_pages: pages of flash that kept the weights of an earlier network; where there are any, there are no
            outputs, because they would mean nothing.
    """

    model_hash: str
    measurement: Measurement
    outputs: tuple[tuple[bytes, ...], ...]
    stale_pages: int = 0
