"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, ARG_MAX and ARG_MIN over any axes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.copy import axis_of
from orchestrator.compiler.ops.loops import looped
from orchestrator.compiler.ops.movement import Copy, layout, movement
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, Scale, quantise_multiplier
from orchestrator.compiler.step import Array, Field, Step


@dataclass(frozen=True)
class Reduction:
    """`count` values, `inner` apart, for each of `outer` times `inner` results.

    Attributes:
        gathered: a copy into scratch memory that must come first, so that the values lie like that; else None.
    """

    outer: int
    count: int
    inner: int
    gathered: Step | None


def lower_mean(operator: Operator) -> Step:
    """Lower MEAN to `mt_mean_s8`."""
    return _lower_sum(operator, mean_scale)


def lower_sum(operator: Operator) -> Step:
    """Lower SUM to `mt_mean_s8`, without the division."""
    return _lower_sum(operator, lambda ratio, count: Scale.of(ratio))


def _lower_sum(operator: Operator, scale_of: Callable[[float, int], Scale]) -> Step:
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    shape = reduction_of(operator)
    scale = scale_of(source.scale / target.scale, shape.count)
    operator.require(scale.fits(shape.count * 255), f"sums of {shape.count} values leave 32 bits")
    fields: dict[str, Field] = {
        "pixels": shape.count,
        "channels": shape.inner,
        "offset": shape.count * source.zero_point,
        "scale": scale.fields(),
        "output": OutputRange(target.zero_point, INT8_MIN, INT8_MAX).fields(),
    }
    return reduction_step(operator, shape, "mt_mean_s8(&{params}, {in0}, {out});", 1, ("mt_mean", fields))


def mean_scale(ratio: float, count: int) -> Scale:
    """Give ratio / count as the kernels take it."""
    return Scale.of_shifted(*mean_multiplier(ratio, count))


def mean_multiplier(ratio: float, count: int) -> tuple[int, int]:
    """Give ratio / count as the reference folds it: the integer multiplier is divided, not the real ratio."""
    multiplier, shift = quantise_multiplier(ratio)
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << bits) // count, shift - bits


def lower_extreme(operator: Operator) -> Step:
    """Lower REDUCE_MAX and REDUCE_MIN."""
    operator.require_int8(operator.input(0), operator.output)
    operator.require_same_values(operator.input(0))
    shape = reduction_of(operator)
    kernel = f"mt_{operator.name.lower()}_s8"
    return reduction_step(operator, shape, f"{kernel}({shape.count}, {shape.inner}, {{in0}}, {{out}});", 1, None)


def lower_arg(operator: Operator) -> Step:
    """Lower ARG_MAX and ARG_MIN to `mt_arg_max_s8`; the position is int32."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source)
    operator.require(target.dtype == "int32", f"the output must be int32, but is {target.dtype}")
    operator.require(operator.integers(1).size == 1, "needs one axis")
    shape = reduction_of(operator)
    sign = 1 if operator.name == "ARG_MAX" else -1
    call = f"mt_arg_max_s8({sign}, {shape.count}, {shape.inner}, {{in0}}, (void *)({{out}}));"
    return reduction_step(operator, shape, call, 4, None)


def reduction_of(operator: Operator) -> Reduction:
    """Give what the axes of input 1 leave of input 0."""
    source = operator.input(0)
    operator.require(source.data is None, "the input must be computed at run time")
    axes = {axis_of(operator, int(axis), source) for axis in operator.integers(1, least=0).reshape(-1).tolist()}
    count = int(np.prod([source.shape[axis] for axis in axes]))
    results = source.elements // count
    operator.require(results == operator.output.elements, f"{operator.output.elements} outputs, expected {results}")
    long = [axis for axis, extent in enumerate(source.shape) if extent > 1]
    reduced = [axis for axis in long if axis in axes]
    if not reduced:
        return Reduction(1, 1, source.elements, None)
    if [axis for axis in long if reduced[0] <= axis <= reduced[-1]] == reduced:
        inner = int(np.prod(source.shape[reduced[-1] + 1 :]))
        return Reduction(results // inner, count, inner, None)
    return Reduction(1, count, results, _gather(operator, axes))


def _gather(operator: Operator, axes: Sequence[int] | set[int]) -> Step:
    """Copy the input so that the reduced axes come first."""
    source = operator.input(0)
    order = [*sorted(axes), *(axis for axis in range(len(source.shape)) if axis not in axes)]
    view = layout(source).transpose(order)
    return movement(operator, [Copy(view, np.empty(view.shape, source.dtype))])


def reduction_step(
    operator: Operator, shape: Reduction, call: str, result_bytes: int,
    params: tuple[str, dict[str, Field]] | None,
) -> Step:  # fmt: skip
    """Call a kernel that reduces the first axis of [count, inner] for each of `outer`; results take `result_bytes`."""
    value_bytes = np.dtype(operator.input(0).dtype).itemsize
    steps = {"in0": [shape.count * shape.inner * value_bytes], "out": [shape.inner * result_bytes]}
    call = looped(call, [shape.outer], steps) if shape.outer > 1 else call
    arrays: tuple[Array, ...] = ()
    scratch_bytes = 0
    if shape.gathered is not None:
        first = shape.gathered.call.replace("{out0}", "{scratch}")
        call = f"{first}\n{call.replace('{in0}', '{scratch}')}"
        arrays, scratch_bytes = shape.gathered.arrays, operator.input(0).size_bytes
    return Step(operator, call=call, params=params, arrays=arrays, scratch_bytes=scratch_bytes)
