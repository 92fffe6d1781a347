"""What a Power Profiler Kit II says: calibration as text, samples as words. Pure.

There is no specification of the protocol. The facts are those of the vendor's own program (nRF Connect Power Profiler)
and agree with the independent client `ppk2-api`.
"""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestrator.device.energy_meter import CurrentTrace

SAMPLE_S = 10e-6
SAMPLE_BYTES = 4
RANGES = 5
METADATA_END = b"END"

_ADC_BITS, _RANGE_AT, _COUNTER_AT, _LOGIC_AT = 14, 14, 18, 24
_COUNTER_PERIOD = 64
_TRIGGER_CHANNEL = 1 << 0  # D0
_ADC_STEP_V = 1.8 / 163840

# After a change of range the meter needs so many samples, the first of the new range included, to settle.
_SETTLING_SAMPLES = 3

# A counter that is off for less is a counter damaged on its way, not a loss of samples.
_STEADY_SAMPLES = 5

_COEFFICIENT = re.compile(r"^(R|GS|GI|O|S|I|UG)([0-4]): *(\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Calibration:
    """Coefficients for each range, from the finest to the coarsest; the defaults are those of an uncalibrated kit.

    Attributes:
        r: shunt, ohm. gs, gi: quadratic and linear gain. o: offset of the converter. s, i: offset in amperes, by the
            supply's voltage and constant. ug: gain of the user.
    """

    r: tuple[float, ...] = (1031.64, 101.65, 10.15, 0.94, 0.043)
    gs: tuple[float, ...] = field(default=(1.0,) * RANGES)
    gi: tuple[float, ...] = field(default=(1.0,) * RANGES)
    o: tuple[float, ...] = field(default=(0.0,) * RANGES)
    s: tuple[float, ...] = field(default=(0.0,) * RANGES)
    i: tuple[float, ...] = field(default=(0.0,) * RANGES)
    ug: tuple[float, ...] = field(default=(1.0,) * RANGES)


def parse_metadata(text: str) -> Calibration:
    """Read the answer to `GET_META_DATA`; what is missing, zero or no number keeps its default, as in the vendor's
    program.

    Raises:
        ValueError: no shunt is named: this is no such answer.
    """
    values = {name: list(default) for name, default in vars(Calibration()).items()}
    found = _COEFFICIENT.findall(text)
    if not any(name == "R" for name, _, _ in found):
        raise ValueError("no coefficient R0 to R4")
    for name, index, number in found:
        value = _number(number)
        if value:
            values[name.lower()][int(index)] = value
    return Calibration(**{name: tuple(coefficients) for name, coefficients in values.items()})


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if np.isfinite(value) else 0.0


def lost_samples(data: bytes) -> int:
    """Say how many samples are missing from a recording, by the counter that each carries; modulo 64 for each gap."""
    words = _words(data)
    shift = ((words >> _COUNTER_AT).astype(np.int64) - np.arange(len(words))) % _COUNTER_PERIOD
    starts = np.flatnonzero(np.diff(shift, prepend=-1))
    lengths = np.diff(starts, append=len(words))
    steady = shift[starts[lengths >= _STEADY_SAMPLES]]
    return int((np.diff(steady) % _COUNTER_PERIOD).sum()) if len(steady) else len(words)


def decode_samples(data: bytes, calibration: Calibration, voltage_v: float) -> CurrentTrace:
    """Give current and trigger pin of a recording; a sample cut off at the end is dropped."""
    words = _words(data)
    adc = (words & ((1 << _ADC_BITS) - 1)).astype(np.float64) * 4.0
    ranges = np.minimum(words >> _RANGE_AT & 7, RANGES - 1).astype(np.intp)
    r, gs, gi, o, s, i, ug = (
        np.array(vars(calibration)[name])[ranges] for name in ("r", "gs", "gi", "o", "s", "i", "ug")
    )
    raw_a = (adc - o) * (_ADC_STEP_V / r)
    current_a = ug * (raw_a * (gs * raw_a + gi) + (s * voltage_v + i))
    is_triggered = (words >> _LOGIC_AT & _TRIGGER_CHANNEL).astype(np.bool_)
    return CurrentTrace(SAMPLE_S, _settled(current_a, ranges), is_triggered)


def _words(data: bytes) -> NDArray[np.uint32]:
    return np.frombuffer(data, "<u4", len(data) // SAMPLE_BYTES)


def _settled(current_a: NDArray[np.float64], ranges: NDArray[np.intp]) -> NDArray[np.float64]:
    """Let samples of a meter that settles take the next settled value: the range follows a step of the current."""
    count = len(current_a)
    changes = np.flatnonzero(np.diff(ranges)) + 1
    is_settling = np.zeros(count, np.bool_)
    for offset in range(_SETTLING_SAMPLES):
        is_settling[np.minimum(changes + offset, count - 1)] = True
    source = np.where(is_settling, count, np.arange(count))
    source = np.minimum.accumulate(source[::-1])[::-1]
    return current_a[np.where(source == count, np.arange(count), source)]
