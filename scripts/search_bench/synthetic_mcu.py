"""A made-up space of networks for microcontrollers whose costs are those of real kernels, by formula.

One to four stages, each of three kinds, a head, and two labels of the training. Per stage: weights take flash,
multiply-accumulates and their overhead take cycles, input, output and scratch take RAM. What makes it uneven:

- A kind costs code in flash, once, whatever its width (an inverted bottleneck's three layers most).
- Kernels work on four channels at a time: an odd width costs cycles as the next multiple of four, and more scratch.
- The error falls with capacity by ever less, faster for separable stages per weight, but not without stride; too much
  capacity costs a little; the best learning rate falls with depth.
- A fixed scatter of 0.4 percentage points, as between two trainings, hides small differences.
"""

import hashlib
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, exp, log, log1p
from typing import Any

from search_bench.enumeration import Drawn, drawn_key
from search_bench.problem import Measured

CLOCK_HZ = 80e6
INPUT_SIDE, INPUT_CHANNELS, CLASSES = 32, 3, 10
WIDTHS = [6, 8, 12, 16, 22, 32, 48, 64, 96]
CODE_BYTES = {"conv": 3_000, "separable": 5_200, "bottleneck": 6_400}
CYCLES_PER_MAC = {"conv": 1.6, "depthwise": 4.2}
SCATTER = 0.004


KINDS = ("conv", "separable", "bottleneck")
KERNELS = {"conv": [1, 3, 5], "separable": [3, 5, 7]}
EXPANSIONS = [2, 3, 4, 6]
DEPTHS = (1, 2, 3, 4)
STRIDES = [1, 2]
HEADS = ["average", "flatten"]
DENSE = [0, 16, 32, 64, 128]
BATCH_SIZES = [16, 32, 64]


def _stage_space(prefix: str) -> dict[str, Any]:
    from hyperopt import hp

    return {
        "kind": hp.choice(
            f"{prefix}_kind",
            [
                hp.choice(f"{prefix}_conv_kernel", KERNELS["conv"]),
                hp.choice(f"{prefix}_separable_kernel", KERNELS["separable"]),
                hp.choice(f"{prefix}_expansion", EXPANSIONS),
            ],
        ),
        "width": hp.choice(f"{prefix}_width", WIDTHS),
        "stride": hp.choice(f"{prefix}_stride", STRIDES),
    }


@dataclass(frozen=True)
class _Stage:
    kind: str
    kernel: int
    expansion: int
    width: int
    stride: int

    @classmethod
    def of(cls, drawn: Drawn, prefix: str) -> "_Stage":
        kind = KINDS[int(drawn[f"{prefix}_kind"])]
        kernel = KERNELS[kind][int(drawn[f"{prefix}_{kind}_kernel"])] if kind in KERNELS else 3
        expansion = EXPANSIONS[int(drawn[f"{prefix}_expansion"])] if kind == "bottleneck" else 0
        width, stride = WIDTHS[int(drawn[f"{prefix}_width"])], STRIDES[int(drawn[f"{prefix}_stride"])]
        return cls(kind, kernel, expansion, width, stride)


@dataclass(frozen=True)
class _Network:
    stages: tuple[_Stage, ...]
    head: str
    dense: int
    log_rate: float
    batch_size: int

    @classmethod
    def of(cls, drawn: Drawn) -> "_Network":
        depth = DEPTHS[int(drawn["stages"])]
        return cls(
            tuple(_Stage.of(drawn, f"{depth}_{number}") for number in range(depth)),
            HEADS[int(drawn["head"])],
            DENSE[int(drawn["dense"])],
            log(drawn["learning_rate"]),
            BATCH_SIZES[int(drawn["batch_size"])],
        )

    @property
    def sides(self) -> list[int]:
        """Of the square feature maps, the input's first."""
        return list(accumulate(self.stages, lambda side, stage: ceil(side / stage.stride), initial=INPUT_SIDE))

    @property
    def widths(self) -> list[int]:
        return [INPUT_CHANNELS, *(stage.width for stage in self.stages)]

    @property
    def features(self) -> int:
        return self.widths[-1] * (self.sides[-1] ** 2 if self.head == "flatten" else 1)


class SyntheticMcu:
    """See above; RAM and flash in bytes, latency in seconds."""

    name = "synthetic"
    training_labels = frozenset({"learning_rate", "batch_size"})
    metrics = ("ram", "flash", "latency")

    def __init__(self) -> None:
        from hyperopt import hp

        stages = [[_stage_space(f"{depth}_{number}") for number in range(depth)] for depth in DEPTHS]
        self.space = {
            "stages": hp.choice("stages", stages),
            "head": hp.choice("head", HEADS),
            "dense": hp.choice("dense", DENSE),
            "learning_rate": hp.loguniform("learning_rate", -9.0, -3.0),
            "batch_size": hp.choice("batch_size", BATCH_SIZES),
        }

    def measure(self, points: list[Drawn]) -> list[Measured]:
        """See `Problem`."""
        return [_costs(_Network.of(drawn)) for drawn in points]

    def train(self, drawn: Drawn) -> float:
        """See `Problem`."""
        digest = hashlib.sha256(drawn_key(drawn).encode()).digest()
        scatter = SCATTER * (int.from_bytes(digest[:4], "big") / 2**32 - 0.5)
        return _error(_Network.of(drawn)) + scatter


def _costs(network: _Network) -> dict[str, float]:
    flash = 9_000.0 + sum(CODE_BYTES[kind] for kind in {stage.kind for stage in network.stages})
    cycles, ram = 20_000.0, 0.0
    shapes = zip(network.stages, pairwise(network.sides), pairwise(network.widths), strict=True)
    for stage, (side, next_side), (width, next_width) in shapes:
        weights, work, scratch = _stage_costs(stage, width, side, next_side)
        flash, cycles = flash + weights, cycles + work
        ram = max(ram, side * side * width + next_side * next_side * next_width + scratch)
    dense = network.features * (network.dense or CLASSES) + network.dense * CLASSES
    return {"ram": ram + 1_800.0, "flash": flash + dense, "latency": (cycles + 1.9 * dense) / CLOCK_HZ}


def _stage_costs(stage: _Stage, width: int, side: int, next_side: int) -> tuple[float, float, float]:
    """Give bytes of weights, cycles, and bytes of scratch."""
    area, taps, padded = next_side * next_side, stage.kernel**2, 4 * ceil(stage.width / 4)
    if stage.kind == "conv":
        scratch = 2 * taps * (width + 2 * (-width % 4))
        return taps * width * stage.width, CYCLES_PER_MAC["conv"] * area * taps * width * padded, scratch
    inner = width * max(stage.expansion, 1)
    spread = width * inner if stage.expansion else 0
    cycles = CYCLES_PER_MAC["conv"] * (spread * side * side + inner * padded * area)
    scratch = inner * (side * side + area) if stage.expansion else inner * area
    weights = spread + taps * inner + inner * stage.width
    return weights, cycles + CYCLES_PER_MAC["depthwise"] * area * taps * inner, scratch


def _error(network: _Network) -> float:
    depth = len(network.stages)
    capacity = sum(map(_worth, network.stages)) + 0.35 * log1p(network.dense)
    seen = 1.0 - network.sides[-1] / INPUT_SIDE  # without any stride each feature sees little of the image
    capacity *= 0.6 + 0.4 * min(1.0, seen * (1.3 if network.head == "average" else 1.0))
    excess = max(0.0, log(network.features) - 6.5)
    best_log_rate = -5.2 - 0.35 * depth + 0.25 * log(network.batch_size / 32)
    off = (network.log_rate - best_log_rate) / 1.6
    return 0.07 + 0.55 * exp(-capacity / 7.5) + 0.012 * excess + 0.05 * (1.0 - exp(-0.5 * off**2))


def _worth(stage: _Stage) -> float:
    per_kind = {"conv": 1.0, "separable": 0.92, "bottleneck": 0.95 + 0.03 * stage.expansion}[stage.kind]
    return per_kind * log(stage.width) * {1: 0.55, 3: 1.0, 5: 1.1, 7: 1.12}[stage.kernel]
