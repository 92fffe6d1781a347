"""Make the network of the health check: every kind of kernel that sees much use, small, with arbitrary weights.

    .venv/bin/python scripts/make_golden_network.py orchestrator/lab/golden.tflite

Only to be run when the network itself is to change: units are compared with what they measured before.
"""

import sys
from pathlib import Path

import numpy as np

from orchestrator.training.convert import convert_to_int8
from orchestrator.training.tensorflow_quiet import import_tensorflow

SEED = 1


def main() -> None:
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(SEED)
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, padding="same", activation="relu6"),
            layers.Conv2D(16, 1, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    samples = np.random.default_rng(SEED).random((64, 16, 16, 1), dtype=np.float32)
    Path(sys.argv[1]).write_bytes(convert_to_int8(network, samples))


if __name__ == "__main__":
    main()
