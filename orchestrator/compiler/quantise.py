"""From real scales to the integers that the kernels use (TensorFlow Lite 8-bit quantisation specification)."""

import math
from dataclasses import dataclass

from orchestrator.domain.errors import UnsupportedModelError

INT8_MIN, INT8_MAX = -128, 127

_UNIT = 1 << 31
_MAX_RIGHT_SHIFT = 30
_MAX_LEFT_SHIFT = 30


@dataclass(frozen=True)
class Scale:
    """A real factor as the kernels take it: `multiplier / 2**31 * 2**(left - 1) / 2**(right - 1)`.

    Both shifts carry one bit more than needed, so that rounding needs no special case (see mt_quantise.h).
    """

    multiplier: int
    left: int
    right: int

    @classmethod
    def of(cls, real: float) -> "Scale":
        """Give the form of a real factor >= 0."""
        return cls.of_shifted(*quantise_multiplier(real))

    @classmethod
    def of_shifted(cls, multiplier: int, shift: int) -> "Scale":
        """Give the form of `multiplier / 2**31 * 2**shift`."""
        return cls(multiplier, 1 + max(shift, 0), 1 + max(-shift, 0))

    def fits(self, largest_value: int) -> bool:
        """Whether integers of magnitude up to `largest_value` stay within 32 bits: shifted left, and when rounded."""
        return (largest_value << self.left) + (1 << self.right >> 1) < _UNIT

    def fields(self) -> dict[str, int]:
        """Give the fields of the C struct `mt_scale`."""
        return {"multiplier": self.multiplier, "left": self.left, "right": self.right}


def quantise_multiplier(real: float, lowest_shift: int = -_MAX_RIGHT_SHIFT) -> tuple[int, int]:
    """Split a factor >= 0 into a multiplier in [2**30, 2**31) and a shift: `real = multiplier / 2**31 * 2**shift`.

    A factor too small to matter, that of a lower shift, gives (0, 0). Ties round away from zero.
    """
    if not (math.isfinite(real) and real >= 0.0):
        raise UnsupportedModelError(f"a ratio of scales must be finite and >= 0, but got {real}")
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * _UNIT + 0.5)
    if multiplier == _UNIT:
        multiplier, shift = multiplier // 2, shift + 1
    if real == 0.0 or shift < lowest_shift:
        return 0, 0
    if shift > _MAX_LEFT_SHIFT:
        raise UnsupportedModelError(f"a ratio of scales of {real} is too large for 32-bit arithmetic")
    return multiplier, shift


def scale_for(real: float, largest_value: int) -> Scale:
    """Give the kernels' form of a factor for integers of magnitude up to `largest_value`.

    Raises:
        UnsupportedModelError: the factor is so large that the scaled integer leaves 32 bits.
    """
    scale = Scale.of(real)
    if not scale.fits(largest_value):
        raise UnsupportedModelError(f"values up to {largest_value} scaled by {real} do not fit into 32 bits")
    return scale


@dataclass(frozen=True)
class OutputRange:
    """Zero point of an output and the stored values its fused activation leaves."""

    zero_point: int
    lowest: int
    highest: int

    def fields(self) -> dict[str, int]:
        """Give the fields of the C struct `mt_output`."""
        return {"zero_point": self.zero_point, "lowest": self.lowest, "highest": self.highest}


_ACTIVATION_BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_0_TO_1": (0.0, 1.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}


def output_range(activation: str, scale: float, zero_point: int) -> OutputRange:
    """Give the int8 range that a fused activation (name of the schema's enum) leaves.

    Raises:
        UnsupportedModelError: the activation is not a clamp.
    """
    if activation not in _ACTIVATION_BOUNDS:
        known = ", ".join(_ACTIVATION_BOUNDS)
        raise UnsupportedModelError(f"fused activation {activation} is not supported; supported are {known}")
    low, high = _ACTIVATION_BOUNDS[activation]
    lowest = INT8_MIN if low is None else max(INT8_MIN, stored_value(low, scale, zero_point))
    highest = INT8_MAX if high is None else min(INT8_MAX, stored_value(high, scale, zero_point))
    return OutputRange(zero_point, lowest, highest)


def activation_bounds(activation: str) -> tuple[float | None, float | None] | None:
    """Give the real numbers between which a fused activation clamps, None if it is not a clamp."""
    return _ACTIVATION_BOUNDS.get(activation)


def stored_value(real: float, scale: float, zero_point: int) -> int:
    """Give the integer that stands for a real value, not clamped; ties round away from zero."""
    return zero_point + round_half_away(real / scale)


def round_half_away(real: float) -> int:
    """Round to the nearest integer, ties away from zero."""
    return int(math.copysign(math.floor(abs(real) + 0.5), real))


def requantise(value: int, scale: Scale) -> int:
    """Do on the host what `mt_requantise` does: product rounded half up, then shift rounded half away from zero."""
    product = ((value << scale.left) * scale.multiplier + _UNIT) >> 32
    return (2 * product - (product < 0) + ((1 << scale.right) >> 1)) >> scale.right
