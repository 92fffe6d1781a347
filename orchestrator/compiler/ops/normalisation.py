"""What normalisation layers are made of: RSQRT, L2_NORMALIZATION and LOG_SOFTMAX."""

import numpy as np

from orchestrator.compiler.fixed_point import inverse_root, scaled
from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.lookup import lookup_step
from orchestrator.compiler.ops.softmax import differences, exponentials
from orchestrator.compiler.quantise import INT8_MAX, quantise_multiplier
from orchestrator.compiler.step import Array, Reference, Step

_ROOT_BITS = 20  # extra bits of an inverse root before it is scaled
_LARGEST_DEPTH = 2048  # sums of exponentials keep 12 integer bits
_FURTHEST = 20 << 26  # a logarithm this far below 0 is stored as -128 whatever is subtracted from it


def lower_inverse_root(operator: Operator) -> Step:
    """Lower RSQRT to a table; the reference fails for values below 0, which give the highest value here."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    one = np.float32
    multiplier, shift = quantise_multiplier(1.0 / float(np.sqrt(one(source.scale)) * one(target.scale)))
    operator.require(shift < 31, f"an output scale of {target.scale} is too small for an input scale of {source.scale}")

    def stored(value: int) -> int:
        if value <= source.zero_point:
            return INT8_MAX
        root, root_shift = inverse_root(value - source.zero_point)
        fine = scaled(1, root, root_shift + _ROOT_BITS)
        return scaled(fine, multiplier, shift - _ROOT_BITS) + target.zero_point

    return lookup_step(operator, stored)


def lower_l2(operator: Operator) -> Step:
    """Lower L2_NORMALIZATION over the last axis."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    operator.require(operator.text_option("FusedActivationFunction") == "NONE", "a fused activation")
    fits = target.scale == 1 / 128 and target.zero_point == 0
    operator.require(fits, f"output must have scale 1/128 and zero point 0, but got {target.scale}")
    rows, depth = _rows(operator)
    operator.require(depth * 255 * 255 < 2**31, f"depth must be <= {2**31 // 255**2}, but got {depth}")
    call = f"mt_l2_normalization_s8({source.zero_point}, {rows}, {depth}, {{in0}}, {{out}});"
    return Step(operator, call=call, shares=(0,))


def lower_log_softmax(operator: Operator) -> Step:
    """Lower LOG_SOFTMAX over the last axis."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    fits = target.scale == 1 / 16 and target.zero_point == 127
    operator.require(fits, f"output must have scale 1/16 and zero point 127, but got {target.scale}")
    rows, depth = _rows(operator)
    operator.require(depth <= _LARGEST_DEPTH, f"depth must be <= {_LARGEST_DEPTH}, but got {depth}")
    operator.require(rows <= 65535, f"rows must be <= 65535, but got {rows}")
    known = differences(operator, source.scale)
    distances = np.maximum(known + [-_FURTHEST] * (256 - len(known)), -_FURTHEST)
    names = {name: Reference(name) for name in ("exponentials", "differences")}
    tables = (np.array(exponentials(operator, source.scale)), distances)
    return Step(
        operator,
        params=("mt_log_softmax", {**names, "rows": rows, "depth": depth}),
        call="mt_log_softmax_s8(&{params}, {in0}, {out});",
        arrays=tuple(
            Array(name, "int32_t", table.astype(np.int32), is_weights=False)
            for name, table in zip(names, tables, strict=True)
        ),
        shares=(0,),
    )


def _rows(operator: Operator) -> tuple[int, int]:
    source = operator.input(0)
    operator.require(source.data is None, "the input must be computed at run time")
    same = source.shape == operator.output.shape and bool(source.shape)
    operator.require(same, "input and output must have the same shape")
    return source.elements // source.shape[-1], source.shape[-1]
