"""What we read of a .tflite file, as tables for the check, and the limits that a network has to keep.

Slots are the positions of the fields in the schema (tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from orchestrator.compiler.tflite.flatbuffer import SCALAR_BYTES, Table, Values, check_flatbuffer
from orchestrator.domain.errors import UnsupportedModelError

_IDENTIFIER = b"TFL3"
_TEXT = Values(1)
_INTS = Values(4)

_QUANTISATION = Table("quantisation", {2: Values(4), 3: Values(8)})
_TENSOR = Table("tensors", {0: _INTS, 3: _TEXT, 4: _QUANTISATION, 6: Table("sparsity"), 7: _INTS}, is_list=True)
_OPERATOR = Table("operators", {1: _INTS, 2: _INTS, 4: Table("options")}, is_list=True)
_SUBGRAPH = Table("subgraphs", {0: _TENSOR, 1: _INTS, 2: _INTS, 3: _OPERATOR}, is_list=True)
_CODE = Table("operator codes", {1: _TEXT}, is_list=True)
_BUFFER = Table("buffers", {0: Values(1)}, is_list=True)
VARIABLE_NAMES = Table("options", {0: _TEXT, 1: _TEXT})
"""Of VAR_HANDLE: the only options that lead elsewhere."""

_MODEL = Table("model", {1: _CODE, 2: _SUBGRAPH, 4: _BUFFER})

VERSION = 3

MOST_AXES = 8
MOST_OPERATORS = 1 << 11
"""Planning memory takes time with the square of it."""
MOST_WIRES = 1 << 10
"""Inputs or outputs of one operator, or of the network."""
MOST_ELEMENTS = 1 << 28
"""Of one tensor: more than any microcontroller can address by far, and small enough for 32-bit sizes in C."""
MOST_CONSTANT_BYTES = 1 << 24
"""Of all constants, each counted as often as operators use it: flash memories end at a few MiB."""


def checked(tflite: bytes) -> bytes:
    """Give the file, padded so that reading a scalar at its end stays inside.

    Raises:
        UnsupportedModelError: not a .tflite file, or damaged, or truncated.
    """
    if len(tflite) < 8 or tflite[4:8] != _IDENTIFIER:
        raise UnsupportedModelError("not a .tflite file: the identifier TFL3 is missing")
    check_flatbuffer(tflite, _MODEL)
    return tflite + bytes(SCALAR_BYTES)
