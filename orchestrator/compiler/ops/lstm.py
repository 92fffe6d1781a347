"""UNIDIRECTIONAL_SEQUENCE_LSTM as Keras has it: int8 with a cell state of int16; inputs as the schema orders them."""

import math

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.sigmoid import logistic_table
from orchestrator.compiler.ops.matrix import quads_in
from orchestrator.compiler.ops.rows import LARGEST_INPUT, ROWS_PER_BLOCK, pack_rows, row_starts, symmetric_rows
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, Scale, scale_for
from orchestrator.compiler.step import Array, Field, Reference, Step

_GATES = range(4)  # input, forget, cell, output
_INPUT_WEIGHTS, _HIDDEN_WEIGHTS, _BIASES = 1, 5, 12
_VARIANTS = {9: "peepholes", 10: "peepholes", 11: "peepholes", 16: "a projection", 17: "a projection",
             20: "normalisation", 21: "normalisation", 22: "normalisation", 23: "normalisation"}  # fmt: skip
_HIDDEN, _CELL = 18, 19

_GATE_SCALE = 2.0**-12
_UNIT = 2.0**-15  # of what sigmoid and tanh give
_MOST_TANH_SHIFT = 14  # three times a cell shifted left by more leaves 32 bits
_SCALE = [("multiplier", "i4"), ("left", "u1"), ("right", "u1")]


def lower(operator: Operator) -> Step:
    """Lower to `mt_lstm_s8`."""
    source, target = operator.input(0), operator.output
    hidden, cell = operator.state(_HIDDEN), operator.state(_CELL)
    _check_variant(operator)
    operator.require_int8(source, target, hidden)
    operator.require(len(source.shape) == 3, f"needs 3 axes, but '{source.name}' is {list(source.shape)}")
    operator.require(len(hidden.shape) == 2, f"needs [batch, units], but '{hidden.name}' is {list(hidden.shape)}")
    time_major = bool(operator.options["TimeMajor"])
    (steps, batches) = source.shape[:2] if time_major else source.shape[1::-1]
    inputs, units = source.shape[2], hidden.shape[1]
    fits = hidden.shape == cell.shape == (batches, units) and target.shape == (*source.shape[:2], units)
    operator.require(fits, f"{list(source.shape)} to {list(target.shape)} with states of {list(hidden.shape)}")
    weights = [
        (
            symmetric_rows(operator, _INPUT_WEIGHTS + gate, (units, inputs)),
            symmetric_rows(operator, _HIDDEN_WEIGHTS + gate, (units, units)),
        )
        for gate in _GATES
    ]
    fields: dict[str, Field] = {
        "words": Reference("words"),
        "starts": Reference("starts"),
        "gates": Reference("gates"),
        "table": Reference("table"),
        "batches": batches,
        "steps": steps,
        "inputs": inputs,
        "units": units,
        "input_batch": inputs if time_major else steps * inputs,
        "input_step": batches * inputs if time_major else inputs,
        "output_batch": units if time_major else steps * units,
        "output_step": batches * units if time_major else units,
        **_cell_fields(operator),
        "hidden": OutputRange(hidden.zero_point, INT8_MIN, INT8_MAX).fields(),
    }
    return Step(
        operator,
        macs=batches * steps * units * len(_GATES) * (inputs + units),
        params=("mt_lstm", fields),
        call="mt_lstm_s8(&{params}, {in0}, {in1}, (void *){in2}, {scratch}, {out});",
        arrays=(
            Array("words", "uint32_t", _words(weights), is_weights=True),
            Array("starts", "int32_t", _starts(operator, weights), is_weights=True),
            Array("gates", "mt_lstm_gate", _gate_scales(operator, weights), is_weights=True),
            Array("table", "uint16_t", logistic_table(), is_weights=False),
        ),
        scratch_bytes=8 * (quads_in(inputs) + quads_in(units)),
    )


_Weights = list[tuple[NDArray[np.int8], NDArray[np.int8]]]


def _check_variant(operator: Operator) -> None:
    for position, title in _VARIANTS.items():
        operator.require(operator.optional_input(position) is None, f"{title} (input {position})")
    activation = operator.text_option("FusedActivationFunction")
    operator.require(activation == "TANH", f"the activation must be TANH, but is {activation}")
    cell = operator.state(_CELL)
    fits = cell.dtype == "int16" and cell.zero_point == 0 and math.frexp(cell.scale)[0] == 0.5
    rule = f"the cell state must be int16 with zero point 0 and a power of two as scale, but '{cell.name}' is "
    operator.require(fits, f"{rule}{cell.dtype} with {cell.zero_point} and {cell.scale}")


def _words(weights: _Weights) -> NDArray[np.uint32]:
    """Give, for each block of units, `[gate, quad, row]` of the input and then of the hidden state."""
    parts = [np.stack([pack_rows(rows) for rows in gates], axis=1) for gates in zip(*weights, strict=True)]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1).reshape(-1)


def _starts(operator: Operator, weights: _Weights) -> NDArray[np.int32]:
    """Give `[block, input or hidden, gate, row]`; the input's sums begin with the bias."""
    source, hidden = operator.input(0), operator.state(_HIDDEN)
    starts = []
    for gate, (input_rows, hidden_rows) in enumerate(weights):
        bias = _bias(operator, gate, len(input_rows))
        padded = np.pad(bias, (0, -len(bias) % ROWS_PER_BLOCK))
        of_input = row_starts(input_rows, source.zero_point) + padded
        of_hidden = row_starts(hidden_rows, hidden.zero_point)
        starts.append([part.reshape(-1, ROWS_PER_BLOCK) for part in (of_input, of_hidden)])
    ordered: NDArray[np.int64] = np.array(starts, np.int64).transpose(2, 1, 0, 3)
    operator.require(bool(np.all(np.abs(ordered) < 2**31)), "a folded bias leaves 32 bits")
    return ordered.astype(np.int32).reshape(-1)


def _bias(operator: Operator, gate: int, units: int) -> NDArray[np.int64]:
    bias = operator.constant(_BIASES + gate)
    operator.require(bias.dtype == np.int32 and bias.shape == (units,), f"needs int32 biases of {units} values")
    return bias.astype(np.int64)


def _gate_scales(operator: Operator, weights: _Weights) -> NDArray[np.generic]:
    """Give the scales of each gate."""
    rows = np.zeros(len(_GATES), np.dtype([("input", _SCALE), ("hidden", _SCALE)]))
    sources = {"input": (operator.input(0), _INPUT_WEIGHTS), "hidden": (operator.state(_HIDDEN), _HIDDEN_WEIGHTS)}
    for gate, pair in enumerate(weights):
        largest_bias = int(np.abs(_bias(operator, gate, len(pair[0]))).max())
        for (name, (values, first)), matrix in zip(sources.items(), pair, strict=True):
            ratio = values.scale * operator.input(first + gate).scale / _GATE_SCALE
            reach = int(np.abs(matrix.astype(np.int64)).sum(axis=1).max()) * LARGEST_INPUT
            scale = scale_for(ratio, reach + (largest_bias if name == "input" else 0))
            rows[name][gate] = tuple(scale.fields().values())
    return rows


def _cell_fields(operator: Operator) -> dict[str, Field]:
    cell, hidden = operator.state(_CELL), operator.state(_HIDDEN)
    shift = 12 + math.frexp(cell.scale)[1] - 1  # left, from the cell's fractional bits to 12
    operator.require(-30 <= shift <= _MOST_TANH_SHIFT, f"the cell state's scale is {cell.scale}")
    clip = float(operator.options["CellClip"])
    limit = int(min(clip / cell.scale, 32767.0))
    return {
        "forget_cell": _product_scale(operator, _UNIT * cell.scale / cell.scale),
        "input_cell": _product_scale(operator, _UNIT * _UNIT / cell.scale),
        "to_hidden": _product_scale(operator, _UNIT * _UNIT / hidden.scale),
        "cell_to_tanh": 3 << max(shift, 0),
        "cell_shift": max(-shift, 0),
        "cell_lowest": -limit if clip > 0.0 else -32768,
        "cell_highest": limit if clip > 0.0 else 32767,
    }


def _product_scale(operator: Operator, ratio: float) -> dict[str, Field]:
    scale = Scale.of(ratio)
    operator.require(scale.left == 1 and scale.right >= 2, f"a product of gates is scaled by {ratio}")
    return dict(scale.fields())
