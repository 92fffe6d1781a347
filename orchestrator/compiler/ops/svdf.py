"""SVDF: filters over the input, each of which remembers its last values; inputs as the schema orders them."""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.matrix import quads_in
from orchestrator.compiler.ops.rows import LARGEST_INPUT, pack_rows, row_starts, symmetric_rows
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, Scale, scale_for
from orchestrator.compiler.step import Array, Field, Reference, Step

_FEATURES, _TIMES, _BIAS, _STATE = 1, 2, 3, 4


def lower(operator: Operator) -> Step:
    """Lower to `mt_svdf_s8`. The reference ignores the fused activation, and so do we."""
    source, target, state = operator.input(0), operator.output, operator.state(_STATE)
    operator.require_int8(source, target)
    times = _times(operator)
    filters, memory = times.shape
    operator.require(len(source.shape) == 2, f"needs [batch, inputs], but '{source.name}' is {list(source.shape)}")
    batches, inputs = source.shape
    features = symmetric_rows(operator, _FEATURES, (filters, inputs))
    rank = operator.int_option("Rank")
    operator.require(rank >= 1 and filters % rank == 0, f"{filters} filters of rank {rank}")
    operator.require(target.shape == (batches, filters // rank), f"output is {list(target.shape)}")
    operator.require(state.shape == (batches, filters * memory), f"the state is {list(state.shape)}")
    limits = np.iinfo(state.dtype)
    scales = _scales(operator, int(np.abs(features.astype(np.int64)).sum(axis=1).max()) * LARGEST_INPUT)
    fields: dict[str, Field] = {
        "features": Reference("features"),
        "starts": Reference("starts"),
        "times": Reference("times"),
        "bias": Reference("bias"),
        "batches": batches,
        "inputs": inputs,
        "filters": filters,
        "rank": rank,
        "memory": memory,
        "state_bytes": limits.bits // 8,
        "feature_scale": scales[0].fields(),
        "state": OutputRange(state.zero_point, int(limits.min), int(limits.max)).fields(),
        "scale": scales[1].fields(),
        "output": OutputRange(target.zero_point, INT8_MIN, INT8_MAX).fields(),
    }
    return Step(
        operator,
        macs=batches * filters * (inputs + memory),
        params=("mt_svdf", fields),
        call="mt_svdf_s8(&{params}, {in0}, {in1}, {scratch}, {out});",
        arrays=(
            Array("features", "uint32_t", pack_rows(features).reshape(-1), is_weights=True),
            Array("starts", "int32_t", row_starts(features, source.zero_point), is_weights=True),
            Array("times", f"{state.dtype}_t", times.reshape(-1), is_weights=True),
            Array("bias", "int32_t", _bias(operator, times, rank), is_weights=True),
        ),
        scratch_bytes=8 * quads_in(inputs),
    )


def _times(operator: Operator) -> NDArray[np.signedinteger]:
    """Give the time weights, in the type of the state."""
    tensor, values, state = operator.input(_TIMES), operator.constant(_TIMES), operator.state(_STATE)
    fits = tensor.dtype == state.dtype and tensor.dtype in ("int8", "int16")
    operator.require(
        fits, f"time weights of {tensor.dtype} with a state of {state.dtype}; needs int8 or int16 for both"
    )
    operator.require(values.ndim == 2, f"needs [filters, memory], but '{tensor.name}' is {list(values.shape)}")
    operator.require(tensor.zero_point == 0, f"the zero point of '{tensor.name}' must be 0")
    wide = state.dtype == "int16"
    operator.require(not wide or state.zero_point == 0, f"the zero point of '{state.name}' must be 0")
    return values.astype(state.dtype)


def _scales(operator: Operator, largest_sum: int) -> tuple[Scale, Scale]:
    """Give input to state and state to output."""
    source, features, times, state = (operator.input(i).scale for i in (0, _FEATURES, _TIMES, _STATE))
    return scale_for(source * features / state, largest_sum), Scale.of(state * times / operator.output.scale)


def _bias(operator: Operator, times: NDArray[np.signedinteger], rank: int) -> NDArray[np.int32]:
    """Give the bias of each unit with the state's zero point folded in; like the sums it wraps."""
    units = len(times) // rank
    bias = operator.constant(_BIAS)
    operator.require(bias.dtype == np.int32 and bias.shape == (units,), f"needs an int32 bias of {units} values")
    sums = times.astype(np.int64).reshape(units, -1).sum(axis=1)
    folded: NDArray[np.int64] = bias.astype(np.int64) - operator.state(_STATE).zero_point * sums
    return folded.astype(np.int32)
