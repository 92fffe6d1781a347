"""Small convolutional networks for 8 x 8 grey images of handwritten digits.

A search space is a module with two functions: `space()` gives the HyperOpt space, `build_model()` makes the Keras
model of one of its points. A point that describes no valid network raises ValueError (Keras does so by itself when
a feature map shrinks below one pixel). A third, `describe()`, may tell the layers' shapes without building any.
"""

from typing import Any

from orchestrator.compiler.shape_sketch import ShapeSketch
from orchestrator.domain.network_shape import NetworkShape

MAX_BLOCKS = 3

# Networks that differ in these only are the same on the board: the search measures no budget by them.
TRAINING_LABELS = ("learning_rate", "batch_size")

# An epoch has few batches here: with Keras's 0.99 the moving averages would lag whole epochs behind the weights.
BATCH_NORM_MOMENTUM = 0.9


def space() -> dict[str, Any]:
    """One to three blocks, each convolutional or depthwise separable, then a classifier."""
    from hyperopt import hp

    return {
        "blocks": hp.choice("block_count", [[_block(n, i) for i in range(n)] for n in range(1, MAX_BLOCKS + 1)]),
        "padding": hp.choice("padding", ["same", "valid"]),
        "pooling": hp.choice("pooling", ["average", "flatten"]),
        "dense_units": hp.choice("dense_units", [0, 16, 32, 64, 128]),
        "learning_rate": hp.loguniform("learning_rate", -8.0, -3.5),
        "batch_size": hp.choice("batch_size", [16, 32, 64]),
    }


def _block(block_count: int, index: int) -> dict[str, Any]:
    from hyperopt import hp

    prefix = f"{block_count}_blocks_{index + 1}"
    return {
        "kind": hp.choice(f"{prefix}_kind", ["conv", "separable"]),
        "filters": hp.choice(f"{prefix}_filters", [8, 16, 32, 64, 96]),
        "kernel": hp.choice(f"{prefix}_kernel", [3, 5]),
        "stride": hp.choice(f"{prefix}_stride", [1, 2]),
    }


def build_model(config: dict[str, Any], sample_shape: tuple[int, ...], class_count: int) -> Any:
    """Make the untrained Keras model [N, 8, 8, 1] -> class probabilities [N, class_count].

    Raises:
        ValueError: the configuration describes no valid network.
    """
    from keras import Sequential, layers

    model = Sequential([layers.Input(sample_shape)])
    for block in config["blocks"]:
        for layer in _block_layers(block, config["padding"]):
            model.add(layer)
    model.add(layers.GlobalAveragePooling2D() if config["pooling"] == "average" else layers.Flatten())
    if config["dense_units"]:
        model.add(layers.Dense(config["dense_units"], activation="relu"))
    model.add(layers.Dense(class_count, activation="softmax"))
    return model


def _block_layers(block: dict[str, Any], padding: str) -> list[Any]:
    from keras import layers

    shape = {"kernel_size": block["kernel"], "strides": block["stride"], "padding": padding}
    if block["kind"] == "conv":
        convolutions = [layers.Conv2D(block["filters"], use_bias=False, **shape)]
    else:
        convolutions = [
            layers.DepthwiseConv2D(use_bias=False, **shape),
            layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM),
            layers.ReLU(),
            layers.Conv2D(block["filters"], 1, use_bias=False),
        ]
    return [*convolutions, layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM), layers.ReLU()]


def describe(config: dict[str, Any], sample_shape: tuple[int, ...], class_count: int) -> NetworkShape:
    """Tell the layers of `build_model`'s network as they run on the board.

    Raises:
        ValueError: the configuration describes no valid network.
    """
    sketch = ShapeSketch(sample_shape)
    for block in config["blocks"]:
        if block["kind"] == "conv":
            sketch.conv2d(block["filters"], block["kernel"], block["stride"], config["padding"])
        else:
            sketch.depthwise_conv2d(block["kernel"], block["stride"], config["padding"])
            sketch.conv2d(block["filters"], kernel=1)
    if config["pooling"] == "average":
        sketch.global_average()
    else:
        sketch.flatten()
    if config["dense_units"]:
        sketch.dense(config["dense_units"])
    sketch.dense(class_count)
    sketch.softmax()
    return sketch.finished()
