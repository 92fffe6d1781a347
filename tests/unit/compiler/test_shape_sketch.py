"""What a sketch tells of a network is what compiling it gives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.compiler.shape_sketch import ShapeSketch
from orchestrator.domain.network_shape import NetworkShape
from orchestrator.training.convert import convert_to_int8
from search_spaces.digits import build_model, describe

ALIGNMENT_BYTES = 8


def block(kind: str, filters: int, kernel: int, stride: int) -> dict[str, Any]:
    return {"kind": kind, "filters": filters, "kernel": kernel, "stride": stride}


def config(*blocks: dict[str, Any], padding: str, pooling: str, dense_units: int) -> dict[str, Any]:
    return {"blocks": list(blocks), "padding": padding, "pooling": pooling, "dense_units": dense_units}


CONFIGS = {
    "depthwise 3x3 in place": config(
        block("conv", 32, 3, 1), block("separable", 16, 3, 1), padding="same", pooling="average", dense_units=0
    ),
    "any window, stride 2": config(
        block("separable", 16, 5, 2), block("separable", 64, 5, 1), padding="same", pooling="flatten", dense_units=32
    ),
    "one position": config(
        block("conv", 8, 5, 1), block("conv", 16, 3, 2), padding="valid", pooling="flatten", dense_units=128
    ),
}


def require_equal(shape: NetworkShape, model: Any, sample_shape: tuple[int, ...]) -> None:
    samples = np.random.default_rng(1).random((8, *sample_shape), dtype=np.float32)
    compiled = compile_model(convert_to_int8(model, samples))
    assert [layer.operator for layer in shape.layers] == [layer.operator for layer in compiled.layers]
    assert [layer.macs for layer in shape.layers] == [layer.macs for layer in compiled.layers]
    assert 0 <= compiled.arena_bytes - shape.live_bytes < ALIGNMENT_BYTES
    for kernel in ("mt_depthwise_conv2d", "mt_depthwise_conv2d_3x3", "mt_conv2d", "mt_fully_connected"):
        assert (kernel in shape.kernels) == (f"{kernel}_s8(" in compiled.c_source)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_described_network_of_the_digits_space_is_the_compiled_one(name: str) -> None:
    shape = describe(CONFIGS[name], (8, 8, 1), 10)
    require_equal(shape, build_model(CONFIGS[name], (8, 8, 1), 10), (8, 8, 1))


def test_pools_are_drawn_too() -> None:
    from keras import Sequential, layers

    sketch = ShapeSketch((12, 12, 2))
    sketch.conv2d(8, 3, padding="valid")
    sketch.max_pool(2, 2)
    sketch.average_pool(2, 1, padding="same")
    sketch.flatten()
    sketch.dense(4)
    sketch.softmax()
    model = Sequential(
        [
            layers.Input((12, 12, 2)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2, 2),
            layers.AveragePooling2D(2, 1, padding="same"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ]
    )
    require_equal(sketch.finished(), model, (12, 12, 2))


@pytest.mark.parametrize(
    "draw",
    [
        lambda sketch: sketch.conv2d(8, 5, padding="valid"),
        lambda sketch: sketch.depthwise_conv2d(5, padding="valid"),
        lambda sketch: sketch.max_pool(5, 1),
    ],
)
def test_a_window_larger_than_its_image_is_no_network(draw: Callable[[ShapeSketch], None]) -> None:
    with pytest.raises(ValueError, match="a window of 5 does not fit into 4 x 4"):
        draw(ShapeSketch((4, 4, 3)))
