"""What lowering an operator gives: constants, a parameter struct and one call, ready to be written as C."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator


@dataclass(frozen=True)
class Array:
    """A constant array of C; `is_weights` tells the network's weights and biases from tables."""

    suffix: str
    c_type: str
    values: NDArray[np.generic]
    is_weights: bool


@dataclass(frozen=True)
class Reference:
    """The address of one of the step's own arrays, by its suffix."""

    suffix: str


Field = int | float | Reference | Mapping[str, "Field"]


@dataclass(frozen=True)
class Step:
    """One operator, lowered.

    Attributes:
        macs: multiply-accumulates.
        call: C statements; `{params}` is the struct's name, `{in0}`, `{out}` (or `{out1}` and so on), `{scratch}` are
            addresses in the arena and `{<suffix>}` the arrays. Empty for a step that only renames its input.
        params: C type and fields of the constant struct, where there is one.
        scratch_bytes: working memory of this step alone.
        shares: positions among the run-time inputs whose memory the output may take over.
        is_alias: the output is the very memory of its only run-time input.
        kernel: the C function, where another step may be asked for it.
        otherwise: the same, slower, by a kernel that the network may need anyway.
    """

    operator: Operator
    macs: int = 0
    call: str = ""
    params: tuple[str, Mapping[str, Field]] | None = None
    arrays: tuple[Array, ...] = ()
    scratch_bytes: int = 0
    shares: tuple[int, ...] = ()
    is_alias: bool = False
    kernel: str = ""
    otherwise: "Step | None" = None
