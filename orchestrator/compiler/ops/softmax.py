"""SOFTMAX over the last axis: the exponentials of all differences that count are tabulated on the host."""

import numpy as np

from orchestrator.compiler.fixed_point import exp_negative, half_reciprocal, multiply
from orchestrator.compiler.graph import Operator
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, quantise_multiplier
from orchestrator.compiler.step import Array, Field, Reference, Step

_INTEGER_BITS = 5  # of a scaled difference, as the specification's reference has it
_NEGLIGIBLE = 1 << 11  # adds nothing to a sum, which drops 12 bits and rounds, nor to an output, which drops more
_SUM_SHIFT = 12  # fractional bits that a sum drops
_LARGEST_DEPTH = 2048  # sums keep 12 integer bits


def lower(operator: Operator) -> Step:
    """Lower to `mt_softmax_s8`, or of two values to `mt_softmax_2_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    fits = target.scale == 1 / 256 and target.zero_point == -128
    operator.require(fits, f"output must have scale 1/256 and zero point -128, but got {target.scale}")
    operator.require(source.shape == target.shape and bool(source.shape), "input and output must have the same shape")
    depth = source.shape[-1]
    operator.require(depth <= _LARGEST_DEPTH, f"depth must be <= {_LARGEST_DEPTH}, but got {depth}")
    rows = source.elements // depth
    operator.require(rows <= 65535, f"rows must be <= 65535, but got {rows}")
    table = exponentials(operator, float(operator.options["Beta"]) * source.scale)
    return _of_two(operator, table, rows) if depth == 2 else _of_many(operator, _shortened(table), rows, depth)


def _of_two(operator: Operator, exponentials: list[int], rows: int) -> Step:
    """Tabulate the result itself, which depends on the difference of the two values only."""
    values = [_share(exponentials[max(-d, 0)], exponentials[max(d, 0)]) for d in range(-255, 256)]
    return Step(
        operator,
        call=f"mt_softmax_2_s8({{table}}, {rows}, {{in0}}, {{out}});",
        arrays=(Array("table", "int8_t", np.array(values, np.int8), is_weights=False),),
        shares=(0,),
    )


def _share(own: int, other: int) -> int:
    """Give own / (own + other) as stored, as `mt_softmax_s8` does; exponentials have 31 fractional bits."""
    total = sum((value + (1 << _SUM_SHIFT >> 1)) >> _SUM_SHIFT for value in (own, other))
    headroom = 32 - total.bit_length()
    shift = 35 - headroom
    share = multiply(half_reciprocal(total << headroom >> 1), own)
    return min(max(((share + (1 << shift >> 1)) >> shift) + INT8_MIN, INT8_MIN), INT8_MAX)


def _of_many(operator: Operator, table: list[int], rows: int, depth: int) -> Step:
    fields: dict[str, Field] = {
        "exponentials": Reference("exponentials"),
        "entries": len(table),
        "rows": rows,
        "depth": depth,
    }
    return Step(
        operator,
        params=("mt_softmax", fields),
        call="mt_softmax_s8(&{params}, {in0}, {out});",
        arrays=(Array("exponentials", "int32_t", np.array(table, np.int32), is_weights=False),),
        shares=(0,),
    )


def exponentials(operator: Operator, step: float) -> list[int]:
    """Give exp(-d * step) for d in 0..255 with 31 fractional bits, 0 beyond the reference's input radius."""
    values = [exp_negative(value, _INTEGER_BITS) for value in differences(operator, step)]
    return values + [0] * (256 - len(values))


def differences(operator: Operator, step: float) -> list[int]:
    """Give -d * step for d from 0 on with 26 fractional bits, up to the reference's input radius or 255."""
    real = min(step * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))
    operator.require(real > 1.0, f"beta * input scale of {step} is too small")
    multiplier, shift = quantise_multiplier(real)
    radius = (((1 << _INTEGER_BITS) - 1) << (31 - _INTEGER_BITS)) >> shift
    return [multiply(-d << shift, multiplier) for d in range(min(radius, 255) + 1)]


def _shortened(table: list[int]) -> list[int]:
    """End the table with a zero for all exponentials that change nothing."""
    kept = [value for value in table if value >= _NEGLIGIBLE]
    return table if len(kept) == len(table) else [*kept, 0]
