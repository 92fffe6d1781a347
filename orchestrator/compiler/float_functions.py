"""Float operators of one value, as the reference interpreter evaluates them: in single precision, over many at once."""

import ctypes
import ctypes.util
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.quantise import activation_bounds, round_half_away

Reals = NDArray[np.float32]

_LOGISTIC_ENDS = np.float32(-9.0), np.float32(16.619047164916992)  # beyond, the reference leaves out the division


def applied(operator: Operator, operands: Sequence[Reals]) -> Reals | None:
    """Give what an operator makes of its operands, None if it is no function of single values.

    Operands are `[n]`, or `[1]` for a number that is the same for all.
    """
    name, options = operator.name, operator.options
    if len(operands) == 1 and name == "LEAKY_RELU":
        return np.where(operands[0] > 0, operands[0], operands[0] * np.float32(options["Alpha"]))
    if len(operands) == 1 and name in _FUNCTIONS:
        return _FUNCTIONS[name](operands[0])
    bounds = activation_bounds(str(options.get("FusedActivationFunction", "NONE")))
    if len(operands) == 2 and name in _BINARY and bounds is not None:
        return np.clip(_BINARY[name](*operands), *bounds).astype(np.float32)
    return None


def quantised(reals: Reals, scale: float, zero_point: int, dtype: str) -> NDArray[Any]:
    """Give the stored values of QUANTIZE.

    The logarithm of 0 and its like: what no 32-bit integer holds becomes the lowest one, and adding the zero point
    wraps around, as in the reference.
    """
    limits, lowest = np.iinfo(dtype), -(2.0**31)
    with np.errstate(over="ignore"):
        steps = (reals / np.float32(scale)).astype(np.float64)
    steps = np.where(np.abs(steps) < -lowest, steps, lowest)
    stored = np.array([round_half_away(step) + zero_point for step in steps], np.int64)
    return np.clip(stored.astype(np.int32), limits.min, limits.max).astype(dtype)


@cache
def _libm() -> ctypes.CDLL:
    """The C library's functions, which are the ones that the reference calls: numpy's may differ in the last bit."""
    return ctypes.CDLL(ctypes.util.find_library("m"))


def _of_libm(name: str) -> Callable[[Reals], Reals]:
    def function(x: Reals) -> Reals:
        entry = getattr(_libm(), name)
        entry.argtypes, entry.restype = [ctypes.c_float], ctypes.c_float
        return np.array([entry(float(value)) for value in x], np.float32)

    return function


_exp, _expm1 = _of_libm("expf"), _of_libm("expm1f")


def _logistic(x: Reals) -> Reals:
    low, high = _LOGISTIC_ENDS
    inside = np.float32(1) / (np.float32(1) + _exp(-x))
    return np.where(x > high, np.float32(1), np.where(x < low, _exp(x), inside))


_FUNCTIONS: Mapping[str, Callable[[Reals], Reals]] = {
    "ABS": np.abs,
    "CEIL": np.ceil,
    "COS": _of_libm("cosf"),
    "ELU": lambda x: np.where(x < 0, _expm1(x), x),
    "EXP": _exp,
    "FLOOR": np.floor,
    "HARD_SWISH": lambda x: x * np.clip(x + np.float32(3), np.float32(0), np.float32(6)) / np.float32(6),
    "LOG": _of_libm("logf"),
    "LOGISTIC": _logistic,
    "NEG": np.negative,
    "RELU": lambda x: np.maximum(x, np.float32(0)),
    "RELU6": lambda x: np.clip(x, np.float32(0), np.float32(6)),
    "ROUND": np.rint,  # half to even
    "RSQRT": lambda x: np.reciprocal(np.sqrt(x)),
    "SIN": _of_libm("sinf"),
    "SQRT": np.sqrt,
    "SQUARE": lambda x: x * x,
    "TANH": _of_libm("tanhf"),
}

_BINARY: Mapping[str, Callable[[Any, Any], Reals]] = {
    "ADD": np.add,
    "DIV": np.divide,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "SQUARED_DIFFERENCE": lambda a, b: (a - b) * (a - b),
    "SUB": np.subtract,
}

FLOAT_FUNCTIONS = frozenset({*_FUNCTIONS, *_BINARY, "LEAKY_RELU"})
