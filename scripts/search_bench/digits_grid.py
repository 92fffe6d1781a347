"""A part of the space of handwritten digits that is small enough to measure and to train every network of it.

With a table of the whole space nothing has to be snapped to the nearest row: each point that an optimiser may propose
is in it, and the best feasible network is known.
"""

from typing import Any

LEARNING_RATE = 3e-3
BATCH_SIZE = 32

MOST_BLOCKS = 3


def space(most_blocks: int = MOST_BLOCKS) -> dict[str, Any]:
    """Points are points of `search_spaces.digits`; blocks further back have fewer options."""
    from hyperopt import hp

    blocks = [
        [_block("1_blocks_1", [8, 16, 32, 64, 96], [3, 5], [1, 2])],
        [_block("2_blocks_1", [8, 32, 96], [3], [1, 2]), _block("2_blocks_2", [8, 32, 96], [3], [1])],
        [
            _block("3_blocks_1", [8, 32], [3], [2]),
            _block("3_blocks_2", [16, 64], [3], [1]),
            _block("3_blocks_3", [16, 64], [3], [1]),
        ],
    ]
    return {
        "blocks": hp.choice("block_count", blocks[:most_blocks]),
        "padding": "same",
        "pooling": hp.choice("pooling", ["average", "flatten"]),
        "dense_units": hp.choice("dense_units", [0, 64]),
        "learning_rate": LEARNING_RATE,
        "batch_size": BATCH_SIZE,
    }


def _block(prefix: str, filters: list[int], kernels: list[int], strides: list[int]) -> dict[str, Any]:
    from hyperopt import hp

    def one_of(name: str, options: list[Any]) -> Any:
        return hp.choice(f"{prefix}_{name}", options) if len(options) > 1 else options[0]

    return {
        "kind": one_of("kind", ["conv", "separable"]),
        "filters": one_of("filters", filters),
        "kernel": one_of("kernel", kernels),
        "stride": one_of("stride", strides),
    }
