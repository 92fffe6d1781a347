"""A row of inferences long enough for clocks and meters: what time and energy they take."""

import math
from dataclasses import dataclass

from orchestrator.device.energy_meter import EnergyMeter, energy_of_row
from orchestrator.device.runner import Runner, TimedRow
from orchestrator.domain.errors import MeterError, WrongClockError
from orchestrator.domain.measurement import EnergyReading, MeasuredClock
from orchestrator.domain.model import FirmwareImage

CLOCK_ROW_S = 1.0
"""How long a row lasts that is held against the host's clock."""

METER_ROW_S = 0.1
"""How long a row lasts for a meter: 10,000 samples of 10 us, so that a sample at either end does not matter."""

# The host sees a line of text this much later than its end at most: 16 ms of latency timer in USB bridges of FTDI
# (AN232B-04), and its own scheduling.
_LINE_JITTER_S = 0.02

# RC oscillators of STM32 are exact to 1 % at room temperature (docs/boards.md), crystals to far less.
_OSCILLATOR_TOLERANCE = 0.01

# What the board's time and the meter's may differ by: both clocks, and a line of text printed inside the former.
_BRACKET_TOLERANCE, _BRACKET_SLACK_S = 0.03, 0.005

_IDLE_S = 0.1


@dataclass(frozen=True)
class ObservedRow:
    """What was seen of a row; None where nothing was there to see it."""

    energy: EnergyReading | None = None
    clock: MeasuredClock | None = None


def observe_row(
    runner: Runner,
    image: FirmwareImage,
    cycles: int,
    clock_hz: int,
    *,
    is_time_real: bool,
    meter: EnergyMeter | None,
) -> ObservedRow:
    """Run a row of inferences where there is a meter, or where the board's time is the host's; else nothing.

    Args:
        cycles: of one inference.

    Raises:
        WrongClockError: the core's clock is not `clock_hz`.
        MeterError: the meter failed, or saw something else than the row.
    """
    if meter is None and not is_time_real:
        return ObservedRow()
    runs = _runs(runner, image, (CLOCK_ROW_S if is_time_real else METER_ROW_S) * clock_hz / cycles)
    if meter is not None:
        meter.start()
        meter.wait_recorded(_IDLE_S)
    row = runner.infer(runs, 0, math.prod(image.outputs[0].shape))
    clock = _measured_clock(row, clock_hz) if is_time_real else None
    return ObservedRow(None if meter is None else _energy(meter, runs, row), clock)


def _runs(runner: Runner, image: FirmwareImage, wanted: float) -> int:
    """Give how often the network is to run: only once where its inputs cannot be kept for a second run."""
    inputs_bytes = sum(tensor.size_bytes for tensor in image.inputs)
    return math.ceil(wanted) if inputs_bytes <= runner.memory().spare_bytes else 1


def _measured_clock(row: TimedRow, clock_hz: int) -> MeasuredClock:
    clock = MeasuredClock(hz=clock_hz * row.device_s / row.host_s, uncertainty=_LINE_JITTER_S / row.host_s)
    if abs(clock.hz / clock_hz - 1.0) > _OSCILLATOR_TOLERANCE + clock.uncertainty:
        raise WrongClockError(
            f"the core runs at {clock.hz / 1e6:.2f} MHz (+-{clock.uncertainty:.1%}), but its firmware takes it for "
            f"{clock_hz / 1e6:g} MHz: latencies would be wrong; are clock and PLL as board.yaml says? Is it silicon?"
        )
    return clock


def _energy(meter: EnergyMeter, runs: int, row: TimedRow) -> EnergyReading:
    energy = energy_of_row(meter, meter.stop(), runs, _IDLE_S)
    if abs(energy.bracket_s - row.device_s) > _BRACKET_TOLERANCE * row.device_s + _BRACKET_SLACK_S:
        raise MeterError(
            f"{meter.name}: saw the trigger pin high for {energy.bracket_s * 1e3:.1f} ms, but the board ran "
            f"{runs} inferences for {row.device_s * 1e3:.1f} ms; is D0 wired to this board?"
        )
    return energy
