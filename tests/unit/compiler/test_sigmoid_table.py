"""The table behind sigmoid and tanh of 16 bits is the reference's, entry by entry."""

import math

import numpy as np

from orchestrator.compiler.ops.int16.sigmoid import logistic_table
from orchestrator.parity.tflm import run_tflm
from tests.unit.compiler.tflite_builder import TfliteBuilder


def test_every_entry_is_what_the_reference_interpreter_looks_up() -> None:
    """At this scale its TANH looks up entry x / 128 and nothing else, and gives 32768 less."""
    table = logistic_table().astype(int).tolist()
    scale = float(np.nextafter(np.float32(1 / 6144), np.float32(1)))
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 256), "int16", scale=scale), builder.tensor((1, 256), "int16", scale=1 / 32768)
    builder.operator("TANH", [x], [y])
    (found,) = run_tflm(builder.build([x], [y]), [(np.arange(256) * 128).astype(np.int16).reshape(1, 1, 256)])
    assert table == (found.reshape(-1).astype(int) + 32768).tolist()
    assert all(abs(entry - 65536 / (1 + math.exp(-i / 24))) < 1.2 for i, entry in enumerate(table))
