"""Factors and ranges of int16 activations, as the kernels take them (`mt_factor`, `mt_range_s16`)."""

from dataclasses import dataclass

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.quantise import quantise_multiplier, round_half_away

INT16_MIN, INT16_MAX = -(1 << 15), (1 << 15) - 1
LOWEST_SHIFT = -31
"""Of a multiplier: the reference takes anything smaller for 0."""

_LIMIT = 1 << 31
_CLAMPS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}


@dataclass(frozen=True)
class Factor:
    """A real factor of 32-bit integers: `multiplier / 2**31 * 2**left / 2**right`."""

    multiplier: int
    left: int
    right: int

    @classmethod
    def of_shifted(cls, multiplier: int, shift: int) -> "Factor":
        """Give the form of `multiplier / 2**31 * 2**shift`."""
        return cls(multiplier, max(shift, 0), max(-shift, 0))

    def fields(self) -> dict[str, int]:
        """Give the fields of the C struct `mt_factor`."""
        return dict(vars(self))

    def initialiser(self) -> str:
        """Give the struct as a compound literal of C, to stand in a call."""
        return f"(mt_factor){{{{{self.multiplier}, {self.left}, {self.right}}}}}"


def factor_for(operator: Operator, real: float, largest_value: int) -> Factor:
    """Give the form of a factor >= 0 for integers of magnitude up to `largest_value`.

    Raises:
        UnsupportedModelError: the factor is so large that the integer leaves 32 bits.
    """
    factor = Factor.of_shifted(*quantise_multiplier(real, LOWEST_SHIFT))
    require_fit(operator, factor, largest_value)
    return factor


def require_fit(operator: Operator, factor: Factor, largest_value: int) -> None:
    """Raise unless integers of magnitude up to `largest_value`, shifted left, stay within 32 bits."""
    fits = largest_value << factor.left < _LIMIT
    operator.require(fits, f"values up to {largest_value} times 2^{factor.left} do not fit into 32 bits")


def range_fields(operator: Operator) -> dict[str, int]:
    """Give the fields of `mt_range_s16` that the operator's fused activation leaves."""
    activation = str(operator.options.get("FusedActivationFunction", "NONE"))
    operator.require(activation in _CLAMPS, f"fused {activation}; supported are {', '.join(_CLAMPS)}")
    low, high = (None if end is None else stored_value(operator, end) for end in _CLAMPS[activation])
    lowest = INT16_MIN if low is None else max(INT16_MIN, low)
    return {"lowest": lowest, "highest": INT16_MAX if high is None else min(INT16_MAX, high)}


def stored_value(operator: Operator, real: float) -> int:
    """Give the integer that stands for a real value in the output, not clamped; ties round away from zero.

    The reference divides in single precision, and takes what fits into 32 bits.
    """
    scale = operator.output.scale
    with np.errstate(over="ignore"):
        ratio = float(np.float32(real) / np.float32(scale))
    operator.require(abs(ratio) < _LIMIT, f"an output scale of {scale} is too small for an activation's {real}")
    return round_half_away(ratio)
